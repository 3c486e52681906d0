"""口径: how ambiguous texts are read, which quorum holds, who decided it, deciding otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import model as m
from guantong.obligations.describe import CONFIDENCE, cited, reading_tag
from guantong.records import access, catalogue, clock, ledger, quorums
from guantong.records.actions import readings as actions
from guantong.records.models import ReadingChoice
from guantong.web import activity_minutes
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.addresses import address
from guantong.web.views.plan import require_view

DECIDE = "reading.decide"
OWN = "目录"  # stands for the catalogue's own reading in a form, where an empty value says nothing


@dataclass(frozen=True)
class Register:
    """One reading, or one rule on quorum, as the school has it; `choice` None: nobody has decided,
    the catalogue holds. `own`: what the catalogue says; `options`: what else may be decided, by
    code; `sure`: how sure the catalogue is of a quorum; `tag`: how unsure of a reading."""

    name: str
    question: str
    own: str
    why: str
    options: Mapping[str, str]
    choice: ReadingChoice | None
    obligations: tuple[m.Obligation, ...] = ()
    unchosen: tuple[str, ...] = ()  # other ways to read it that cannot be worked out
    sure: str = ""
    tag: str = ""

    @property
    def option(self) -> str:
        return self.choice.option if self.choice else ""

    @property
    def taken(self) -> str:
        return self.options.get(self.option, self.own)

    @property
    def others(self) -> list[tuple[str, str]]:
        """What else it could say, and where to try it out."""
        said = {"": self.own, **self.options}
        tried = [
            (says, "" if self.sure else address("what-if", {"reading": f"{self.name}={other}"}))
            for other, says in said.items()
            if other != self.option
        ]
        return [*tried, *((says, "") for says in self.unchosen)]

    @property
    def may_be_chosen(self) -> bool:
        return bool(self.options)


@require_GET
def readings(request: HttpRequest) -> TemplateResponse:
    require_view(request)
    return TemplateResponse(
        request,
        "web/readings.html",
        {
            "title": "口径",
            "crumbs": [("计划", reverse("plan"))],
            "register": registered(),
            "quorums": quorums_registered(),
            "may_decide": not access.check(request.user, DECIDE, None),
        },
    )


def registered() -> list[Register]:
    """Every reading that the school's plan rests on."""
    rules, used = catalogue.current(), set(ledger.plan().obligation_names())
    made = ledger.choices(clock.today())
    return [
        _register(rules, name, found, made.get(name))
        for name, group in rules.readings().items()
        if (found := tuple(o for o in group if o.name in used))
    ]


def _register(
    rules: m.Catalogue, name: str, found: tuple[m.Obligation, ...], choice: ReadingChoice | None
) -> Register:
    reading = found[0].reading
    assert reading is not None
    return Register(
        name=name,
        question=reading.question,
        own=reading.chosen,
        why=reading.why,
        options=rules.options(name),
        choice=choice,
        obligations=found,
        tag=reading_tag(found[0]),
        unchosen=tuple(other.says for other in reading.others if not other.id),
    )


def quorums_registered() -> list[Register]:
    """Who must be there when a kind of meeting decides; some of it is for the school to say."""
    made = ledger.choices(clock.today())
    return [
        Register(
            name=(name := quorums.name(kind.code)),
            question=f"{kind.title}要多少人到会",
            own=activity_minutes.says(kind.deciding),
            why=cited(kind.deciding.basis, catalogue.current()),
            options=quorums.options(name),
            choice=made.get(name),
            sure=CONFIDENCE[kind.deciding.basis.confidence],
        )
        for kind in catalogue.activity_kinds().values()
        if kind.deciding
    ]


class ChoiceForm(ActionForm):
    option = forms.ChoiceField(label="读法", widget=forms.RadioSelect)
    decided_by = forms.CharField(
        label="由谁决定", max_length=100, help_text="例如：学校党委会、学校党委组织部。"
    )
    decided_on = DayField(label="决定日期", help_text="从这一天起的台账按这种读法。")
    why = forms.CharField(
        label="理由", widget=forms.Textarea({"rows": 3}), help_text="台账的每处说明都会引用。"
    )

    def clean_option(self) -> str:
        chosen = str(self.cleaned_data["option"])
        return "" if chosen == OWN else chosen


def reading(request: HttpRequest, name: str) -> HttpResponse:
    """Decide one reading; whoever may not decide sees it in the list."""
    every = [*registered(), *quorums_registered()]
    found = next((one for one in every if one.name == name), None)
    if access.check(request.user, DECIDE, None) or found is None or not found.may_be_chosen:
        raise Http404
    initial = {"option": found.option or OWN, "decided_on": clock.today()}
    form = ChoiceForm(request.POST or None, initial=initial)
    field = form.fields["option"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(OWN, f"{found.own}（规则目录的读法）"), *found.options.items()]
    if found.sure:
        form.fields["decided_on"].help_text = "这一天起的会议按这条规则，以前的不变。"
        form.fields["why"].help_text = "会议记录的页面会引用。"
    made = form.outcome(partial(actions.choose, by=acting(request), reading=name))
    if made:
        messages.success(request, f"已决定，{_then(made, sure=found.sure)}。")
        return redirect(f"{reverse('readings')}#{name}")
    return form_page(
        request, form, title=found.question if found.sure else f"口径 {name}",
        crumbs=[("计划", reverse("plan")), ("口径", reverse("readings"))],
        submit="采用", about=f"{found.question}？",
    )  # fmt: skip


def _then(made: ReadingChoice, *, sure: str) -> str:
    """What follows from a decision; one that a later decision has replaced holds until its day."""
    later = ReadingChoice.objects.filter(reading=made.reading, decided_on__gt=made.decided_on)
    if replaced := later.order_by("decided_on").first():
        about = "会议" if sure else "台账"
        return (
            f"只管 {made.decided_on} 至 {replaced.decided_on - timedelta(days=1)} 的{about}："
            f"{replaced.decided_on} 起是 {replaced.decided_by} 后来的决定，没有改变"
        )
    if sure:
        return f"{made.decided_on} 起的会议按这条规则判断"
    return "台账已按新读法重算"
