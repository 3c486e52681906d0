"""What is still owed, as a list to work from: grouped, worded, most urgent first.

Entries that differ only in the person are one item ("18 人未满"). Not for choosing the entries:
the week page does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from guantong.obligations import model as m
from guantong.obligations.run import plain
from guantong.periods import Every, month_of
from guantong.records import ledger
from guantong.records.crediting import kinds_counted
from guantong.records.models import Entry
from guantong.web.addresses import address
from guantong.web.closing import Act, Closing
from guantong.web.ledger_periods import code_of
from guantong.web.ledger_tables import clause_number
from guantong.web.wording import (
    amount,
    bound_words,
    day_words,
    distance,
    length_of,
    period_of_entry,
    period_words,
)

SOON: Final = timedelta(days=14)
TERM_SOON: Final = timedelta(days=60)  # an election takes weeks to prepare
TERM_SEEN: Final = timedelta(days=183)  # before that, nobody need think of it
RECENT: Final = timedelta(days=92)

type Planned = Mapping[tuple[int, str], Sequence[date]]  # by organisation and kind


@dataclass(frozen=True)
class Item:
    code: str
    title: str
    url: str
    says: str
    whose: str
    act: Act


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    items: tuple[Item, ...]
    folded: bool = False


def horizon(today: date) -> date:
    """Up to which day something is due soon: the end of the month, or two weeks from now."""
    return max(today + SOON, month_of(today).last_day)


class DueList:
    """The items of one user on one day."""

    def __init__(
        self, today: date, closing: Closing, planned: Planned, *, me: int | None, org: int | None
    ) -> None:
        self.today, self.closing, self.planned = today, closing, planned
        self.me, self.org = me, org
        self.obligations, self.plan = ledger.obligations(), ledger.plan()

    def sections(self, entries: Iterable[Entry]) -> list[Section]:
        """Group entries that are short, due or unknown; sections without an item are left out."""
        found = defaultdict[str, list[Item]](list)
        for group in self._grouped(entries):
            found[self._urgency(group[0])].append(self._item(group))
        soon = f"{day_words(horizon(self.today))}前到期"
        titles = {
            "short": "已经过期",
            "soon": soon,
            "term": "换届临近",
            "state": "现状没有达到要求",
            "unknown": "缺数据，不能判断",
            "later": "以后到期",
        }
        named = [name for name in titles if found[name]]
        return [
            Section(name, titles[name], tuple(found[name]), name == "later" and len(named) > 1)
            for name in named
        ]

    def _grouped(self, entries: Iterable[Entry]) -> list[list[Entry]]:
        """By due day, then in the plan's order."""
        groups = defaultdict[tuple[object, ...], list[Entry]](list)
        for entry in filter(self._concerns, entries):
            key = (entry.obligation, entry.org_id, entry.period_start, entry.verdict)
            groups[key].append(entry)
        order = list(self.plan.obligation_names())
        return sorted(
            groups.values(), key=lambda group: (group[0].due_on, order.index(group[0].obligation))
        )

    def _concerns(self, entry: Entry) -> bool:
        far = entry.due_on > self.today + TERM_SEEN
        return not (far and self.obligations[entry.obligation].every is Every.TERM)

    def _urgency(self, entry: Entry) -> str:
        if entry.verdict != m.Verdict.DUE:
            return entry.verdict
        obligation = self.obligations[entry.obligation]
        if entry.due_on <= horizon(self.today):
            return "soon"
        if obligation.every is Every.TERM and entry.due_on <= self.today + TERM_SOON:
            return "term"
        lasting = isinstance(obligation.measure, m.State | m.Coverage | m.Ratio)
        return "state" if lasting else "later"

    # ------------------------------------------------------------ one item

    def _item(self, group: Sequence[Entry]) -> Item:
        entry, obligation = group[0], self.obligations[group[0].obligation]
        period = period_of_entry(entry)
        title = obligation.title
        if length_of(period) is not Every.TERM:
            title = f"{title} · {period_words(period)}"
        return Item(
            code=entry.verdict,
            title=title,
            url=self._url(group),
            says="；".join(part for part in self._says(group, obligation) if part),
            whose=self._whose(entry) if len(group) == 1 else self._elsewhere(entry),
            act=self._act(group, obligation),
        )

    def _act(self, group: Sequence[Entry], o: m.Obligation) -> Act:
        by_person = getattr(o.measure, "hosted_by", None) in (
            m.HostedBy.OWN_BRANCH,
            m.HostedBy.CONTACT_POINT,
        )
        if len(group) > 1 and by_person:  # each has a place of his own
            return Act("看是哪些人", self._url(group), quiet=True)
        return self.closing.act(group[0]) or self.closing.elsewhere(group[0])

    def _url(self, group: Sequence[Entry]) -> str:
        entry = group[0]
        if len(group) == 1:
            return f"{address('ledger-entries', {})}{entry.pk}/"
        period = period_of_entry(entry)
        query = {
            "org": str(entry.org_id),
            "own": "1",
            "obligation": entry.obligation,
            "period": code_of(period) if length_of(period) is not Every.TERM else "all",
            "verdict": entry.verdict,
        }
        return address("ledger-entries", query)

    def _says(self, group: Sequence[Entry], o: m.Obligation) -> Iterable[str]:
        entry = group[0]
        yield self._gap(group, o)
        if o.every is Every.TERM:
            yield f"{entry.due_on:%Y-%m-%d} 届满，{distance(entry.due_on, self.today)}"
        elif not isinstance(o.measure, m.State | m.Coverage | m.Ratio):
            yield f"{distance(entry.due_on, self.today)}（{day_words(entry.due_on)}）"
        yield self._planned(entry, o)
        yield clause_number(self.plan.clause_of(o.name))

    def _gap(self, group: Sequence[Entry], o: m.Obligation) -> str:
        entry = group[0]
        if len(group) > 1:
            among = "（含本人）" if any(e.person_id == self.me for e in group) else ""
            return (
                f"{len(group)} 人{'缺数据' if entry.verdict == 'unknown' else '没有完成'}{among}"
            )
        if entry.verdict == m.Verdict.UNKNOWN or entry.required is None:
            return "缺少数据"
        match o.measure:
            case m.CountActivities() | m.Attended():
                missing = amount(entry.required - (entry.actual or 0), o)
                return f"还差 {missing}" if entry.actual else f"要求 {missing}，还没有"
            case m.NextTerm():
                return "还没有换届"
            case _:
                bound = bound_words(o, entry.period_start)
                return f"要求{bound} {amount(entry.required, o)}，现为 {_now(entry, o)}"

    def _planned(self, entry: Entry, o: m.Obligation) -> str:
        if not isinstance(o.measure, m.CountActivities):
            return ""
        days = [
            day
            for kind in kinds_counted(o.measure)
            for day in self.planned.get((entry.org_id, kind), ())
            if entry.period_start <= day < entry.period_end
        ]
        return f"已计划在 {'、'.join(day_words(day) for day in days)}" if days else ""

    def _whose(self, entry: Entry) -> str:
        if entry.person_id is not None:
            if entry.person_id == self.me:
                return "本人"
            assert entry.person is not None
            return entry.person.name
        return self._elsewhere(entry)

    def _elsewhere(self, entry: Entry) -> str:
        return entry.org.short_name if entry.org_id != self.org else ""


def _now(entry: Entry, o: m.Obligation) -> str:
    if entry.denominator is not None and isinstance(o.measure, m.Coverage):
        return f"{plain(entry.numerator)}/{plain(entry.denominator)}"
    return amount(entry.actual, o) or "未知"
