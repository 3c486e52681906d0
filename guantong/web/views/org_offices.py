"""Forms on an organisation's page: posts, terms, institutions, links and figures."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from guantong.periods import add_months
from guantong.records import access, catalogue, clock, org_rules, qualification
from guantong.records.access import Refused
from guantong.records.actions import documents, figures, posts, relations, terms
from guantong.records.models import Figure, Org, Person, Post, Term
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet
from guantong.records.rosters import BRANCH
from guantong.web import choices, ids
from guantong.web.acting import ActionForm, DayField, NumberField, acting, form_page
from guantong.web.correcting import CorrectingForm, EndForm
from guantong.web.filters import part_of
from guantong.web.views.orgs import crumbs_to, org_or_404

EDIT = "post.edit"
KNOWN = [("", "不清楚"), ("yes", "是"), ("no", "否")]
FLAGS = {"": None, "yes": True, "no": False}


def flag(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=KNOWN, coerce=FLAGS.__getitem__, empty_value=None, required=False
    )


# Posts

KEPT = ("qualified_as", "evidence", "evidence_on")


def _evidence_fields(org: Org) -> dict[str, forms.Field]:
    """As what a secretary fits the branch, and the document; none where no rule asks."""
    fitting = qualification.fitting(org.category)
    if not fitting:
        return {}
    rule = org_rules.rule("secretary_fits_branch")
    return {
        "qualified_as": forms.ChoiceField(
            label="任职条件",
            choices=[("", "没有或不清楚"), *fitting.items()],
            required=False,
            help_text=f"只用于书记。{rule.demand}（{rule.cited}）。",
        ),
        "evidence": forms.CharField(
            label="认定文件", max_length=200, required=False, help_text="名称或文号，随任职保存。"
        ),
        "evidence_on": DayField(label="认定日期", required=False),
    }


class PostForm(forms.Form):
    """A form about a post, with or without fields about the qualification."""

    def cleaned_post(self) -> dict[str, Any]:
        """The fields as the action asks for them."""
        given = dict(self.cleaned_data)
        given.pop("shown", None)
        qualified_as, document, on = (given.pop(name, None) for name in KEPT)
        return {
            **given,
            "evidence": qualification.Evidence(qualified_as or "", document or "", on),
        }


class AppointForm(PostForm, ActionForm):
    valid_from = DayField(label="任职日期")
    valid_to = DayField(label="到期日期", required=False, help_text="没有定期限的不填。")
    acting = forms.BooleanField(
        label="代理（主持工作）",
        required=False,
        help_text="代理期间有这个职务的权限，结束即停止。",
    )
    double_leader = flag("双带头人")
    full_time = flag("专职")
    seen = forms.BooleanField(required=False, widget=forms.HiddenInput())
    field_order = ("person", "post", "valid_from", "valid_to", "acting", *KEPT, "double_leader")

    def __init__(
        self,
        *args: Any,
        org: Org,
        within: PersonQuerySet,
        found: list[choices.Choice],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.org = org
        here = [
            (code, title)
            for code, title in choices.kinds("posts")
            if not qualification.misplaced(code, org, clock.today())
        ]
        self.fields["post"] = forms.ChoiceField(label="职务", choices=here)
        self.fields["person"] = person_field(within, found, label="人员")
        self.fields |= _evidence_fields(org)
        self.order_fields(self.field_order)
        self.warnings: list[str] = []

    def require_seen(self) -> None:
        """What is only general is shown once; sent again, it is meant so."""
        given = self.cleaned_data
        if given.get("seen"):
            return
        candidate = qualification.Candidate(
            given["person"], self.org, given["post"], given["valid_from"],
            given.get("qualified_as", ""),
        )  # fmt: skip
        self.warnings = list(_warnings(candidate))
        if self.warnings:
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["seen"] = "on"  # type: ignore[index]
            raise Refused("请核对下面的提醒；情况属实的，再点一次登记。")


def _warnings(candidate: qualification.Candidate) -> Iterator[str]:
    for one in qualification.findings(candidate):
        if not one.must:
            yield f"{one.text}（{one.rule.cited}，{one.rule.sure}）"
    if away := qualification.belongs_elsewhere(candidate):
        yield f"组织关系在“{away.short_name}”，不在“{candidate.org.short_name}”"
    label = catalogue.current().label
    for post in qualification.concurrent(candidate):
        yield f"已在“{post.org.short_name}”任{label('posts', post.post)}，将是兼任"


def person_field(
    within: PersonQuerySet, found: list[choices.Choice], *, label: str
) -> "forms.ModelChoiceField[Person]":
    """A select of those found; it accepts whoever is in reach."""
    field = forms.ModelChoiceField(within, label=label)
    field.widget.choices = [("", "请选择"), *found] if len(found) != 1 else found
    return field


def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    within = access.people(request.user, EDIT)
    form = AppointForm(
        request.POST or None,
        org=org,
        within=within,
        found=_candidates(request, org, within),
        initial={"valid_from": clock.today()},
    )
    if post := form.outcome(partial(_appoint, request, org, form)):
        messages.success(request, f"已登记 {post.person.name} 任职。")
        return redirect("org", pk)
    return person_page(request, form, org, title="登记任职")


def _appoint(request: HttpRequest, org: Org, form: AppointForm, **_: object) -> Post:
    given = form.cleaned_post()
    given.pop("seen")
    with transaction.atomic():  # what a rule excludes is told before what it only reminds of
        post = posts.appoint(by=acting(request), org=org, **given)
        form.require_seen()
        return post


def _candidates(request: HttpRequest, org: Org, within: PersonQuerySet) -> list[choices.Choice]:
    """Those searched for; else the one already chosen, or the members of the branch itself."""
    today = clock.today()
    if chosen := request.POST.get("person", ""):
        return choices.people(within.filter(pk=ids.read(chosen)), today)
    if query := request.GET.get("q", "").strip():
        return choices.people(within.search(query), today)
    if org.kind == BRANCH:
        here = org.memberships.on(today).values("person")
        return choices.people(within.filter(pk__in=here), today)
    return []


def person_page(
    request: HttpRequest, form: ActionForm, org: Org, *, title: str
) -> TemplateResponse:
    """A form that names a person, with a search above it that fills the select."""
    return TemplateResponse(
        request,
        part_of(request, "web/person_form.html", "choice"),
        {
            "title": title,
            "crumbs": crumbs_to(request, org),
            "form": form,
            "back": org,
            "query": request.GET.get("q", "").strip(),
            "most": choices.MOST,
        },
        status=form.status,
    )


class DescribeForm(PostForm, CorrectingForm):
    double_leader = flag("双带头人")
    full_time = flag("专职")
    field_order = (*KEPT, "double_leader", "full_time")

    def __init__(self, *args: Any, post: Post, **more: Any) -> None:
        super().__init__(*args, **more)
        if post.post == "secretary":
            self.fields |= _evidence_fields(post.org)
        self.order_fields(self.field_order)


def _described(post: Post) -> dict[str, object]:
    words = {value: name for name, value in FLAGS.items()}
    flags = {name: words[getattr(post, name)] for name in ("double_leader", "full_time")}
    return flags | {name: getattr(post, name) for name in KEPT}


def describe(request: HttpRequest, pk: int, post_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    post = get_object_or_404(org.posts.select_related("person", "org"), pk=post_pk)
    form = DescribeForm(
        request.POST or None, post=post, of=post, reads=_described, initial=_described(post)
    )

    def described(**_: object) -> Post:
        return posts.set_flags(by=acting(request), post=post, **form.cleaned_post())

    if form.outcome(described):
        messages.success(request, f"已更正 {post.person.name} 的任职情况。")
        return redirect("org", pk)
    return form_page(
        request, form, title=f"任职情况：{post.person.name}", crumbs=crumbs_to(request, org),
        submit="保存",
    )  # fmt: skip


def end_post(request: HttpRequest, pk: int, post_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    post = get_object_or_404(org.posts.select_related("person"), pk=post_pk)
    form = EndForm(
        request.POST or None, of=post, strike=partial(posts.strike, by=acting(request), post=post)
    )
    if form.outcome(partial(posts.end, by=acting(request), post=post)):
        messages.success(request, form.says(f"已登记 {post.person.name} 免职。"))
        return redirect("org", pk)
    return form_page(
        request, form, title=f"免职：{post.person.name}", crumbs=crumbs_to(request, org),
        submit="登记免职", about="由职务带来的权限在这一天停止。免职办错了可以重新登记任职。",
    )  # fmt: skip


# Terms


class TermForm(ActionForm):
    elected_on = DayField(label="当选日期")
    expires_on = DayField(label="任期届满日", required=False)

    def __init__(self, *args: Any, org: Org, **more: Any) -> None:
        super().__init__(*args, **more)
        years = org_rules.term_years(org.kind, org.term_years, clock.today())
        whose = "本组织定的" if org.term_years else "这类组织通常的"
        self.fields["expires_on"].help_text = f"不填按{whose}每届 {years} 年推算。"


def record_term(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    form = TermForm(request.POST or None, org=org, initial={"elected_on": clock.today()})
    if form.outcome(partial(terms.record, by=acting(request), org=org)):
        messages.success(request, "已登记换届。接着登记新当选的人员。")
        return redirect("org", pk)
    return form_page(
        request, form, title="登记换届", crumbs=crumbs_to(request, org), submit="登记换届"
    )


class ExtendForm(CorrectingForm):
    extended_to = DayField(label="批准延期至")
    approval = forms.CharField(label="批准文件", max_length=200, help_text="名称或文号。")
    approved_on = DayField(label="批准日期")


def _extended(term: Term) -> dict[str, object]:
    return {name: getattr(term, name) for name in ExtendForm.base_fields if name != "shown"}


def extend_term(request: HttpRequest, pk: int, term_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    term = get_object_or_404(org.terms, pk=term_pk)
    form = ExtendForm(request.POST or None, of=term, reads=_extended, initial=_extended(term))
    if form.outcome(partial(terms.extend, by=acting(request), term=term)):
        messages.success(request, "已登记延期。")
        return redirect("org", pk)
    rule = org_rules.rule("term_extension_months")
    return form_page(
        request, form, title="登记延期换届", crumbs=crumbs_to(request, org), submit="登记延期",
        about=f"本届 {term.elected_on} 当选，{term.expires_on} 届满。"
        f"{rule.demand}（{rule.cited}，{rule.sure}）。",
    )  # fmt: skip


# Institutions


class DocumentForm(ActionForm):
    title = forms.CharField(label="名称", max_length=200)
    number = forms.CharField(label="文号", max_length=80, required=False)
    valid_from = DayField(label="施行日期")
    review_due = DayField(label="应复核日期", required=False, help_text="到期提醒复核，可以不填。")
    field_order = ("doc_class",)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        kinds = forms.ChoiceField(label="制度类别", choices=choices.kinds("documents"))
        self.fields["doc_class"] = kinds
        self.order_fields(self.field_order)


def record_document(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    form = DocumentForm(request.POST or None, initial={"valid_from": clock.today()})
    if form.outcome(partial(documents.record, by=acting(request), org=org)):
        messages.success(request, "已登记制度。")
        return redirect("org", pk)
    return form_page(
        request, form, title="登记制度", crumbs=crumbs_to(request, org), submit="登记"
    )


class ReviewForm(CorrectingForm):
    review_due = DayField(label="下次复核日期")


def review_document(request: HttpRequest, pk: int, document_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    document = get_object_or_404(org.documents, pk=document_pk)
    start = {"review_due": add_months(clock.today(), 12)}
    form = ReviewForm(
        request.POST or None, initial=start, of=document,
        reads=lambda row: {"review_due": row.review_due},
    )  # fmt: skip
    if form.outcome(partial(documents.review, by=acting(request), document=document)):
        messages.success(request, "已登记复核。")
        return redirect("org", pk)
    return form_page(
        request, form, title=f"复核：{document.title}", crumbs=crumbs_to(request, org),
        submit="登记复核",
    )  # fmt: skip


def end_document(request: HttpRequest, pk: int, document_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    document = get_object_or_404(org.documents, pk=document_pk)
    form = EndForm(request.POST or None, of=document)
    if form.outcome(partial(documents.end, by=acting(request), document=document)):
        messages.success(request, "已登记停止执行。")
        return redirect("org", pk)
    return form_page(
        request, form, title=f"停止执行：{document.title}", crumbs=crumbs_to(request, org),
        submit="登记停止执行", about="以前的台账不变。办错了可以重新登记。",
    )  # fmt: skip


# Links


class RelationForm(ActionForm):
    valid_from = DayField(label="开始日")
    valid_to = DayField(label="结束日", required=False, help_text="没有定期限的不填。")
    note = forms.CharField(label="说明", max_length=200, required=False)
    field_order = ("kind", "person", "other_org", "valid_from", "valid_to", "note")

    def __init__(
        self,
        *args: Any,
        org: Org,
        within: OrgQuerySet,
        people: PersonQuerySet,
        found: list[choices.Choice],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        entries = catalogue.current().kinds["relations"]
        here = [
            code
            for code, entry in entries.items()
            if "org" in (entry["from"], entry["to"]) and relations.fits(entry, org)
        ]
        self.fields["kind"] = forms.ChoiceField(
            label="关系", choices=choices.kinds("relations", here)
        )
        self.fields["person"] = person_field(people, found, label="联系的人")
        self.fields["person"].required = False
        if pairs := [entries[code] for code in here if entries[code]["from"] == "org"]:
            self.fields["other_org"] = choices.org_field(
                within, label=pairs[0]["to_title"], only=pairs[0].get("only", ""), required=False
            )
        self.order_fields(self.field_order)


def record_relation(request: HttpRequest, pk: int) -> HttpResponse:
    """A person linked to the organisation (contact point), or two organisations paired."""
    org = org_or_404(request, pk, EDIT)
    within = access.people(request.user, EDIT)
    form = RelationForm(
        request.POST or None,
        org=org,
        within=access.orgs(request.user, EDIT).on(clock.today()).exclude(pk=pk),
        people=within,
        found=_candidates(request, org, within),
        initial={"valid_from": clock.today()},
    )
    if form.outcome(partial(relations.record, by=acting(request), org=org)):
        messages.success(request, "已登记。")
        return redirect("org", pk)
    return person_page(request, form, org, title="登记联系和结对")


def end_relation(request: HttpRequest, pk: int, relation_pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    found = org.relations.filter(pk=relation_pk) | org.relations_in.filter(pk=relation_pk)
    relation = get_object_or_404(found)
    form = EndForm(
        request.POST or None,
        of=relation,
        strike=partial(relations.strike, by=acting(request), relation=relation),
    )
    if form.outcome(partial(relations.end, by=acting(request), relation=relation)):
        messages.success(request, form.says("已登记结束。"))
        return redirect("org", pk)
    return form_page(
        request, form, title="结束联系或结对", crumbs=crumbs_to(request, org), submit="登记结束"
    )


# Figures


class FigureForm(CorrectingForm):
    value = NumberField(label="人数", min_value=0, decimal_places=0, max_digits=12)
    as_of = DayField(label="统计日期", help_text="同一天再登记一次就是更正，会先告诉您原来的数。")
    source = forms.CharField(label="来源", max_length=200, required=False)
    field_order = ("name",)

    def __init__(self, *args: Any, org: Org, **more: Any) -> None:
        super().__init__(*args, of=None, reads=_counted, **more)
        self.org = org
        self.fields["name"] = forms.ChoiceField(label="指标", choices=choices.kinds("figures"))
        self.order_fields(self.field_order)

    def row(self) -> Figure | None:
        """Of the day, where it has one."""
        given = self.cleaned_data
        return self.org.figures.filter(name=given["name"], as_of=given["as_of"]).first()


def _counted(figure: Figure) -> dict[str, object]:
    return {"value": round(figure.value), "source": figure.source}


def record_figure(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, EDIT)
    form = FigureForm(request.POST or None, org=org, initial={"as_of": clock.today()})
    if form.outcome(partial(figures.record, by=acting(request), org=org)):
        messages.success(request, "已登记人数。")
        return redirect("org", pk)
    return form_page(
        request, form, title="登记人数", crumbs=crumbs_to(request, org), submit="登记"
    )
