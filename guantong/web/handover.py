"""The hand-over pack of an organisation: where everything stands, for whoever takes over.

One list of tables serves page and PDF. Nothing is kept of it: it is read afresh, from what the
reader may see today; whoever has left the post reads nothing any more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from guantong.records import access, catalogue, clock, headcounts, registers
from guantong.records.models import Assessment, Org, Post, Recut, TransferLetter, User
from guantong.records.models.activity import Activity
from guantong.sheets.pdf import Block, Facts, Grid, Text
from guantong.web import case_lines, org_cards
from guantong.web.closing import Closing
from guantong.web.due_items import RECENT, DueList
from guantong.web.people_due import people_due
from guantong.web.wording import distance, late_words

OPEN: Final = ("short", "due", "unknown")
LATELY: Final = timedelta(days=92)


@dataclass(frozen=True)
class Row:
    cells: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True)
class Table:
    """`none`: what an empty one means. The first cell of a row leads to its page."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[Row]
    none: str
    widths: tuple[int, ...] = field(default=())


class Pack:
    """What one reader is told of one organisation today."""

    def __init__(self, user: User, org: Org, live: Assessment) -> None:
        self.user, self.org, self.live = user, org, live
        self.today = clock.today()
        self.label = catalogue.current().label
        seen = access.activities(user, "activity.view").live()
        self.activities = seen.hosted_by(Org.objects.filter(pk=org.pk))

    def facts(self) -> list[tuple[str, str]]:
        heads = headcounts.heads(Q(org__in=Org.objects.below(self.org)), self.today)
        above = Org.objects.filter(pk__in=self.org.lineage()[-2:-1]).first()
        term = org_cards.term(self.org, self.today)
        rows = [
            ("全称", self.org.name),
            ("类别", self.label("orgs", self.org.kind)),
            ("上级", above.name if above else ""),
            ("党员", f"{heads.total} 人" if heads.total else ""),
            ("本届", f"{term.row.elected_on} 选举，{term.ends_on} 届满" if term else "没有登记"),
        ]
        return [(name, value) for name, value in rows if value]

    def tables(self) -> list[Table]:
        return [
            Table("任职", ("姓名", "职务", "从", "到"), list(self._posts()), "没有登记任职"),
            Table("还没有完成的责任", ("责任", "情况", "紧急程度"), list(self._owed()),
                  "没有未完成的责任", (4, 6, 3)),
            Table("人员事项", ("姓名", "事项", "说明"), list(self._people()),
                  "近期没有到期的人员事项", (2, 2, 6)),
            Table("计划中的活动", ("日期", "类别", "主题", "说明"), list(self._planned()),
                  "没有计划", (3, 3, 5, 4)),
            Table("等着办的事", ("事项", "对象", "到哪一步"), list(self._pending()),
                  "没有等着办的事", (2, 3, 6)),
            Table("会议定下的落实事项", ("事项", "责任人", "期限", "会议"), list(self._left()),
                  "没有未办结的落实事项", (6, 2, 3, 6)),
            Table("办理中的事项", ("事项", "流程", "到哪一步", "应办"), list(self._cases()),
                  "没有办理中的事项", (4, 3, 3, 4)),
            Table("日期", ("事项", "日期", "还有多久"), list(self._days()),
                  "没有将到的日期", (6, 3, 3)),
            Table("联系和结对", ("关系", "对方", "从", "说明"), list(self._relations()),
                  "没有登记联系和结对", (3, 5, 3, 4)),
            Table("制度", ("名称", "类别", "生效"), list(self._documents()),
                  "没有登记制度", (6, 3, 3)),
            Table("近三个月办过的活动", ("日期", "类别", "主题"), list(self._held()),
                  "近三个月没有活动记录", (3, 3, 6)),
        ]  # fmt: skip

    def blocks(self) -> Iterator[Block]:
        """The same, as a PDF is made of."""
        yield Facts(self.facts())
        for table in self.tables():
            yield Text(table.title, size=13)
            if table.rows:
                widths = table.widths or (1,) * len(table.header)
                yield Grid(table.header, [row.cells for row in table.rows], widths)
            else:
                yield Text(table.none, quiet=True)

    # ------------------------------------------------------------ the tables

    def _posts(self) -> Iterator[Row]:
        """Who holds one, and who lately did: with the post its rights end."""
        lately = Q(valid_to=None) | Q(valid_to__gt=self.today - LATELY)
        held = Post.objects.filter(lately, org=self.org, valid_from__lte=self.today)
        for one in org_cards.called("posts", "post", held.select_related("person")):
            until = one.row.valid_to
            over = until is not None and until <= self.today
            says = f"{until}，权限已随之结束" if over else str(until or "")
            yield Row((one.row.person.name, one.title, str(one.row.valid_from), says))

    def _owed(self) -> Iterator[Row]:
        fresh = ~Q(verdict="short") | Q(due_on__gte=self.today - RECENT)
        entries = access.entries(self.user, self.live).filter(
            fresh, org=self.org, verdict__in=OPEN
        )
        due = DueList(self.today, Closing(self.user), {}, me=None, org=self.org.pk)
        for section in due.sections(entries.select_related("org", "person")):
            for item in section.items:
                title = f"{item.title}（{item.whose}）" if item.whose else item.title
                yield Row((title, item.says, section.title), item.url)

    def _people(self) -> Iterator[Row]:
        for one in people_due(self.user, {self.org.pk}, self.today):
            yield Row((one.name, one.title, one.says), reverse("member", args=[one.person]))

    def _planned(self) -> Iterator[Row]:
        for one in self.activities.filter(planned=True).order_by("held_on", "pk"):
            passed = "日子已过，请确认是否举行" if one.held_on < self.today else one.place
            yield self._activity(one, passed)

    def _held(self) -> Iterator[Row]:
        lately = self.activities.held().filter(held_on__gt=self.today - LATELY)
        return (self._activity(one) for one in lately.newest_first())

    def _activity(self, one: Activity, *more: str) -> Row:
        kind = self.label("activities", one.kind)
        title = " · ".join(filter(None, (one.title, late_words(one))))
        return Row((str(one.held_on), kind, title, *more), reverse("activity", args=[one.pk]))

    def _pending(self) -> Iterator[Row]:
        mine = access.people(self.user, "member.edit").filter(
            memberships__org=self.org, memberships__valid_to=None
        )
        asked = access.corrections(self.user).filter(accepted=None, person__in=mine)
        for request in asked.select_related("person").order_by("asked_at"):
            says = f"{timezone.localdate(request.asked_at)} 提出，待答复：{request.about}"
            url = reverse("correction-answer", args=[request.pk])
            yield Row(("更正申请", request.person.name, says), url)
        letters = TransferLetter.objects.filter(
            person__in=mine, received_on=None, returned_on=None
        )
        for letter in letters.select_related("person").order_by("issued_on"):
            stuck = registers.stuck(letter, self.today)
            says = f"{letter.issued_on} 开往{letter.to_unit}，未收回执"
            yield Row(("介绍信", letter.person.name, f"{says}；{stuck}" if stuck else says))
        if "org.edit" in access.permissions_at(self.user, self.org):
            for recut in Recut.objects.filter(org=self.org, state="draft").order_by("pk"):
                url = reverse("recut", args=[self.org.pk, recut.pk])
                yield Row(("支部调整", recut.title, f"拟于 {recut.on_day} 执行，还是草案"), url)

    def _left(self) -> Iterator[Row]:
        """What meetings left to do."""
        found = access.follow_ups(self.user).open().filter(activity__hosts=self.org)
        for one in found.most_urgent_first().select_related("activity", "owner"):
            due = f"{one.due_on}，{distance(one.due_on, self.today)}" if one.due_on else "未定"
            owner, held = one.owner.name if one.owner else "未定", one.activity
            meeting = " ".join(filter(None, (str(held.held_on), held.title, late_words(held))))
            yield Row((one.what, owner, due, meeting), reverse("activity", args=[held.pk]))

    def _cases(self) -> Iterator[Row]:
        found = access.cases(self.user).open().filter(org=self.org)
        ordered = found.select_related("org", "person", "other_org").order_by("due_on", "pk")
        for one in case_lines.lines(ordered):
            due = f"{one.due_step}，{one.due}" if one.due else ""
            yield Row(
                (one.about, one.process, one.state, due), reverse("case", args=[one.case.pk])
            )

    def _days(self) -> Iterator[Row]:
        found = list(self._dated())
        for day, what in sorted(found):
            yield Row((what, str(day), distance(day, self.today)))

    def _dated(self) -> Iterator[tuple[date, str]]:
        if term := org_cards.term(self.org, self.today):
            yield term.ends_on, "本届届满，应按期换届"
        for document in self.org.documents.on(self.today).exclude(review_due=None):
            if document.review_due:
                yield document.review_due, f"复核制度《{document.title}》"
        for link in org_cards.relations(self.org, self.today):
            if link.row.valid_to:
                yield link.row.valid_to, f"{link.title}到期：{link.others}"

    def _relations(self) -> Iterable[Row]:
        for link in org_cards.relations(self.org, self.today):
            others = link.others or link.row.partner
            yield Row((link.title, others, str(link.row.valid_from), link.row.note))

    def _documents(self) -> Iterator[Row]:
        for one in org_cards.documents(self.org, self.today):
            yield Row((one.row.title, one.title, str(one.row.valid_from)))
