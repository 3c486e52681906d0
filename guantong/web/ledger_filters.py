"""Which part of the ledger a page shows: the form above it, and the entries it leaves.

The address says all of it, so that a page can be sent to somebody else. `now`, `all` and the
other period codes are explained in `ledger_periods`.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from guantong.obligations.model import Plan, Question
from guantong.records import access, ledger
from guantong.records.actions import ledger as actions
from guantong.records.models import Assessment, Entry, Org
from guantong.web import ledger_periods, scope
from guantong.web.acting import DayField
from guantong.web.as_of import AS, NOW
from guantong.web.filters import Filter
from guantong.web.ledger_tables import clause_words
from guantong.web.trees import Tree
from guantong.web.verdicts import VERDICTS


class LedgerFilter(Filter):
    """What both the tables and the list of entries can be narrowed to."""

    default_period = ledger_periods.ALL
    narrow_nothing = Filter.narrow_nothing | {"on", "tree"}

    period = forms.ChoiceField(label="周期", required=False)
    clause = forms.ChoiceField(label="条款", required=False)
    verdict = forms.ChoiceField(label="结论", required=False)
    on = DayField(label="回看截至", required=False)
    tree = forms.ChoiceField(label="按哪时的隶属", required=False, choices=AS)
    org = forms.IntegerField(required=False, widget=forms.HiddenInput)
    obligation = forms.ChoiceField(label="责任", required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, asked: Question, plan: Plan, org: Org | None) -> None:
        super().__init__(request)
        self.asked, self.about = asked, org
        self.data = self.query = request.GET.dict()
        self.query["period"] = self.query.get("period") or self.default_period
        self.query["org"] = str(org.pk) if org else ""
        counted = [clause for clause in plan.clauses if clause.obligations]
        self._offer("period", ledger_periods.choices(asked, plan))
        self._offer("clause", [("", "全部"), *((c.path, clause_words(c)) for c in counted)])
        self._offer("verdict", [("", "全部"), *((v.code, v.word) for v in VERDICTS.values())])
        self._offer("obligation", [("", "全部"), *((o.name, o.title) for o in asked.obligations)])

    def _offer(self, name: str, choices: ledger_periods.Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        first, last = self.asked.span.start, self.asked.on
        if on and not first <= on <= last:
            raise ValidationError(f"请选 {first:%Y-%m-%d} 至 {last:%Y-%m-%d} 之间的一天")
        return on


@dataclass(frozen=True)
class Seen:
    """The part of the ledger that a page is about, as far as the user may see it."""

    request: HttpRequest
    form: LedgerFilter
    plan: Plan
    org: Org | None  # None: only what is held about the user himself

    @cached_property
    def on(self) -> date:
        on: date = self.form.value("on", self.form.asked.on)
        return on

    @property
    def as_now(self) -> bool:
        """A past day's figures by today's tree."""
        return self.looks_back and self.form.value("tree") == NOW

    @property
    def looks_back(self) -> bool:
        return self.on != self.form.asked.on

    @cached_property
    def asked(self) -> Question:
        return ledger.question(on=self.on) if self.looks_back else self.form.asked

    @cached_property
    def assessment(self) -> Assessment:
        if self.looks_back:
            return actions.as_of(self.on)
        return actions.bring_up_to_date()

    @cached_property
    def tree(self) -> Tree:
        if not self.looks_back:
            return Tree()
        return Tree.now() if self.as_now else Tree.of(self.on)

    def above(self) -> list[Org]:
        """The organisations above the page's own, the highest first, as far as they are seen."""
        assert self.org is not None
        pks = self.tree.lineage(self.org)[:-1]
        found = scope.visible(self.request).filter(pk__in=pks)
        return [self.tree.called(o) for o in sorted(found, key=lambda o: pks.index(o.pk))]

    @property
    def called(self) -> Org | None:
        """The page's organisation by the name of its day."""
        return self.tree.called(self.org) if self.org else None

    @property
    def period(self) -> str:
        return str(self.form.value("period", self.form.default_period))

    @property
    def obligation(self) -> str:
        return str(self.form.value("obligation"))

    @property
    def clause(self) -> str:
        return str(self.form.value("clause"))

    @property
    def verdict(self) -> str:
        return str(self.form.value("verdict"))

    @property
    def about(self) -> str:
        """What the page is about, for the head of a workbook."""
        whose = self.called.name if self.called else "本人"
        tree = ["按现在的隶属"] if self.as_now else []
        return " · ".join([whose, f"截至 {self.on:%Y-%m-%d}", *tree, *self.form.narrowed()])

    @property
    def query(self) -> dict[str, str]:
        """What the addresses of other pages about the same part have in common."""
        return {
            "org": str(self.org.pk) if self.org else "",
            "period": self.period,
            "on": self.on.isoformat() if self.looks_back else "",
            "tree": NOW if self.as_now else "",
        }

    def entries(self, period: str | None = None) -> QuerySet[Entry]:
        """Those of the organisation and all below it, of the clause, obligation and period."""
        found = access.entries(self.request.user, self.assessment)
        wanted = ledger_periods.chosen(self.period if period is None else period, self.asked)
        if self.org:
            wanted &= self.tree.below(self.org, "org__")
        if self.obligation:
            wanted &= Q(obligation=self.obligation)
        elif self.clause:
            wanted &= Q(obligation__in=self._serving(self.clause))
        return found.filter(wanted)

    def _serving(self, path: str) -> tuple[str, ...]:
        return next(clause.obligations for clause in self.plan.clauses if clause.path == path)


def seen(request: HttpRequest, form_class: type[LedgerFilter]) -> Seen:
    """Read the address."""
    asked, plan, org = ledger.question(), ledger.plan(), scope.org_in_view(request)
    return Seen(request, form_class(request, asked, plan, org), plan, org)
