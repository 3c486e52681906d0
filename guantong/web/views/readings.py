"""口径: how ambiguous texts are read, who decided it, and deciding it otherwise."""

from dataclasses import dataclass
from functools import partial

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.obligations import model as m
from guantong.records import access, catalogue, clock, ledger
from guantong.records.actions import readings as actions
from guantong.records.models import ReadingChoice
from guantong.web.acting import ActionForm, DayField, acting, form_page
from guantong.web.ledger_cells import address
from guantong.web.views.plan import require_view

DECIDE = "reading.decide"
OWN = "目录"  # stands for the catalogue's own reading in a form, where an empty value says nothing


@dataclass(frozen=True)
class Register:
    """One reading as the school has it; `choice` None: nobody has decided, the catalogue holds."""

    reading: m.Reading
    obligations: tuple[m.Obligation, ...]
    taken: str
    choice: ReadingChoice | None
    others: tuple[tuple[str, str], ...]  # what it says, and where to try it out

    @property
    def may_be_chosen(self) -> bool:
        return any(url for _, url in self.others) or bool(self.choice and self.choice.option)


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
    options = rules.options(name)
    option = choice.option if choice else ""
    taken = options.get(option, reading.chosen)
    said = {"": reading.chosen, **options}
    others = [
        (says, address("what-if", {"reading": f"{name}={other}"}))
        for other, says in said.items()
        if other != option
    ]
    others += [(other.says, "") for other in reading.others if not other.id]
    return Register(reading, found, taken, choice, tuple(others))


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
    found = next((r for r in registered() if r.reading.id == name), None)
    if access.check(request.user, DECIDE, None) or found is None or not found.may_be_chosen:
        raise Http404
    options = catalogue.current().options(name)
    initial = {
        "option": (found.choice.option if found.choice else "") or OWN,
        "decided_on": clock.today(),
    }
    form = ChoiceForm(request.POST or None, initial=initial)
    field = form.fields["option"]
    assert isinstance(field, forms.ChoiceField)
    own = found.reading.chosen
    field.choices = [(OWN, f"{own}（规则目录的读法）"), *options.items()]
    if form.outcome(partial(actions.choose, by=acting(request), reading=name)):
        messages.success(request, f"口径 {name} 已改，台账已按新读法重算。")
        return redirect("readings")
    return form_page(
        request, form, title=f"口径 {name}",
        crumbs=[("计划", reverse("plan")), ("口径", reverse("readings"))],
        submit="采用", about=f"{found.reading.question}？",
    )  # fmt: skip
