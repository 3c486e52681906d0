"""The form that records an activity, plans one, or corrects a record.

What the school knows is filled in: today, the usual hours, everyone expected as present. Kind,
day and hosts decide who is expected; when they change, the page is asked for again (`refresh`)
with all that was typed. Not for deciding what is right: `actions.activities` does, and refuses.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from guantong.obligations.activity_kinds import ActivityKind
from guantong.obligations.describe import cited
from guantong.obligations.model import Attended, Basis
from guantong.obligations.run import plain
from guantong.periods import add_months
from guantong.records import access, catalogue, clock, rhythm, rosters, study_hours
from guantong.records.actions import attachments
from guantong.records.closed_months import locked
from guantong.records.drafts import Draft, draft_of, late_by
from guantong.records.models import Activity, Org, User
from guantong.records.models.activity import MOST_HOURS
from guantong.records.study_hours import Proposal
from guantong.web.acting import DayField, NumberField
from guantong.web.forms import own_fields, people
from guantong.web.forms.files import PhotosField
from guantong.web.forms.minutes_form import MinutesForm

OFTEN: Final = 6  # kinds shown as buttons; the others are folded
COPIED: Final = ("hours", "starts_at", "ends_at", "place", "outside", "also", *people.ROLES)
ASKED_AGAIN: Final = frozenset({"refresh", "switch", "find", "copy", "more"})
ENTERED: Final = (
    *("kind", "title", "held_on", "last_on", "starts_at", "ends_at", "place", "outside"),
    *("hours", "summary"),
)
LISTS: Final = ("co_hosts", "sides", "also")


class KindButtons(forms.RadioSelect):
    template_name = "web/forms/kinds.html"


class TimeInput(forms.TimeInput):
    input_type = "time"


class RecordForm(MinutesForm):
    """`typed`: what the browser sent. Bound only when it is to be saved, else shown again."""

    kind = forms.ChoiceField(label="活动类别", widget=KindButtons)
    held_on = DayField(label="日期")
    hours = NumberField(
        label="学时",
        required=False,
        max_digits=6,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any", "min": 0, "inputmode": "decimal"}),
    )
    title = forms.CharField(label="主题", required=False, max_length=200)
    co_hosts = forms.MultipleChoiceField(
        label="联合主办",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="各组织各计一次，应到人员合在一起。",
    )
    also = forms.MultipleChoiceField(
        label="同时也是",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="一次开完、算几类的，勾上即可，不用再记一条。学时只计一次。",
    )
    sides = forms.MultipleChoiceField(
        label="结对党支部共同开展",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="对方会在“我的一周”看到，由对方登记自己的参加人员后计入对方。",
    )
    outside = forms.CharField(
        label="校外单位",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "outside-partners"}),
    )
    agenda = forms.CharField(label="议题", required=False)
    follow_ups = forms.CharField(label="落实事项", required=False)
    late_reason = forms.CharField(label="补录原因", required=False, max_length=200)
    lecturer = forms.ChoiceField(label="主讲", required=False)
    chair = forms.ChoiceField(label="主持", required=False)
    recorder = forms.ChoiceField(label="记录", required=False)
    starts_at = forms.TimeField(label="开始时间", required=False, widget=TimeInput)
    ends_at = forms.TimeField(label="结束时间", required=False, widget=TimeInput)
    last_on = DayField(label="最后一天", required=False, help_text="开了几天的才填。")
    place = forms.CharField(label="地点", required=False, max_length=100)
    photos = PhotosField(
        label="照片",
        required=False,
        help_text="选填，没有文件要求拍照。保存时去掉拍摄地点等信息。",
    )
    summary = forms.CharField(
        label="内容摘要",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="选填，一两句即可。",
    )

    def __init__(
        self,
        *,
        by: User,
        host: Org,
        typed: QueryDict | None = None,
        files: MultiValueDict[str, Any] | None = None,
        start: Mapping[str, Any] | None = None,
        activity: Activity | None = None,
        source: Activity | None = None,
        earlier: Activity | None = None,
        resumed: Draft | None = None,
    ) -> None:
        """`earlier`: what was made of this very form when it was saved before. `resumed`: what to
        show instead of what is on record."""
        self.by, self.host, self.activity, self.earlier = by, host, activity, earlier
        self.on_record = resumed or (draft_of(activity) if activity else None)
        self.source = draft_of(source) if source else None
        self.today = clock.today()
        self.typed = typed
        self.copied: list[str] = []  # the labels of what the source filled in
        submitted = typed is not None and not self.asked_again
        initial = {"kind": self.usual_kind, "held_on": self.today, **(start or {})}
        initial |= typed.dict() if typed is not None else {}
        if typed is not None:
            initial |= {name: typed.getlist(name) for name in LISTS}
        super().__init__(
            typed if submitted else None, files if submitted else None, initial=initial
        )
        if not attachments.limit("images") or (activity and not activity.planned):
            del self.fields["photos"]
        if typed is not None:
            self.initial = {**self.initial, **own_fields.typed_in(self.chosen, typed)}
        elif not activity and "held_on" not in (start or {}):
            self._propose_day()
        self.initial.update(self._suggested(self.source))
        self._offer()

    @property
    def asked_again(self) -> bool:
        """Whether the page is only to be shown anew; somebody looked for is never just saved."""
        typed = self.typed
        return typed is not None and bool(ASKED_AGAIN & typed.keys() or typed.get("words"))

    # What was entered so far, right or wrong

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds that the host may hold. Always in one order: a browser that goes back may
        tick again by place."""
        entries = catalogue.current().kinds["activities"]
        return [code for code, entry in entries.items() if self.host.kind in entry["hosts"]]

    @cached_property
    def usual_kind(self) -> str:
        """The most used of the past year."""
        held = access.activities(self.by, "activity.view").held().filter(hosts=self.host)
        recent = held.filter(held_on__gte=add_months(self.today, -12)).order_by()
        times = recent.values("kind").annotate(times=Count("pk"))
        often = dict(times.values_list("kind", "times"))
        return max(self.kinds, key=lambda code: often.get(code, 0))

    @cached_property
    def chosen_kind(self) -> str:
        chosen = str(self.initial["kind"])
        return chosen if chosen in self.kinds else self.usual_kind

    @property
    def chosen(self) -> ActivityKind:
        return catalogue.activity_kinds()[self.chosen_kind]

    @cached_property
    def also_chosen(self) -> list[str]:
        return [kind for kind in self.initial.get("also", ()) if kind in self.kinds]

    @cached_property
    def chosen_day(self) -> date:
        """The day entered; where there is none yet, the latest that is meant."""
        for entered in (self.initial["held_on"], self.initial.get("to")):
            try:
                day: date = DayField().clean(entered)
            except ValidationError:
                continue
            return day
        return self.today

    @cached_property
    def partners(self) -> list[Org]:
        """Organisations beside the host for which the user records too, and those on record."""
        beside = self.host.lineage()[-2:-1]
        there = access.orgs(self.by, "activity.record").on(self.chosen_day).in_order()
        found = [
            org for org in there.filter(kind=self.host.kind) if org.lineage()[-2:-1] == beside
        ]
        on_record = self.on_record.hosts if self.on_record else ()
        both = {org.pk: org for org in (*found, *on_record) if beside and org != self.host}
        return list(both.values())

    @property
    def outside_partners(self) -> list[str]:
        return rosters.outside_partners([self.host], self.chosen_day)

    @cached_property
    def paired(self) -> list[Org]:
        """Those paired with the host on the day, and on record: they record for themselves."""
        found = rosters.paired([self.host], self.chosen_day)
        on_record = self.on_record.sides if self.on_record else ()
        return list({org.pk: org for org in (*found, *on_record)}.values())

    @cached_property
    def hosts(self) -> tuple[Org, ...]:
        asked = {str(pk) for pk in self.initial.get("co_hosts", ())}
        return (self.host, *(org for org in self.partners if str(org.pk) in asked))

    @cached_property
    def occasion(self) -> people.Occasion:
        return people.Occasion(
            self.by, self.chosen_kind, self.hosts, self.chosen_day, self.on_record
        )

    @cached_property
    def people(self) -> people.People:
        said = people.said_by(self.typed, self.occasion) if self.typed is not None else None
        words = self.typed.get("words", "") if self.typed is not None else ""
        return people.offered(self.occasion, said, words)

    @property
    def ahead(self) -> bool:
        return self.chosen_day > self.today

    @property
    def planned(self) -> bool:
        return self.typed is not None and "plan" in self.typed

    @property
    def late_days(self) -> int:
        """How long after the day it is recorded, if that is late; 0 in time."""
        held = self.activity if self.activity and not self.activity.planned else None
        on = timezone.localdate(held.recorded_at) if held else self.today
        return (on - self.chosen_day).days if late_by(self.chosen_day, on) else 0

    @cached_property
    def shut(self) -> str:
        """Why nothing may be recorded for that day; empty if it may."""
        return locked(self.hosts, self.chosen_day, self._entered("last_on"))

    @cached_property
    def many_hours(self) -> str:
        """What is odd about more hours than such an activity has, or its rule gives."""
        hours = self._entered("hours")
        known = (self.proposal.hours, plain(self.on_record.hours) if self.on_record else "")
        if hours is None or hours > MOST_HOURS or plain(hours) in known:
            return ""
        last_on = self._entered("last_on") or self.chosen_day
        days = max((last_on - self.chosen_day).days, 0) + 1
        kinds = [
            catalogue.activity_kinds()[code] for code in (self.chosen_kind, *self.also_chosen)
        ]
        limit = catalogue.current().kinds["limits"]["most_hours"]["value"]
        most = max(kind.most_hours or limit for kind in kinds)
        if hours <= min(most, 24 * days):
            return ""
        return (
            f"{days} 天记了 {plain(hours)} 学时。"
            "开了几天的请填“最后一天”；没有写错的，再点一次保存。"
        )

    @property
    def usual_title(self) -> str:
        kind = catalogue.current().label("activities", self.chosen_kind)
        return f"{self.chosen_day.year}年{self.chosen_day.month}月{kind}"

    @cached_property
    def proposal(self) -> Proposal:
        """The hours that the rule of the kind gives for what was entered."""
        return study_hours.proposed(
            (self.chosen_kind, *self.also_chosen),
            self.chosen_day,
            last_on=self._entered("last_on"),
            starts_at=self._entered("starts_at"),
            ends_at=self._entered("ends_at"),
        )

    @property
    def usual_hours(self) -> str:
        return self.proposal.hours

    def _entered(self, name: str) -> Any:
        """A field that decides others, if it is right."""
        try:
            return self.fields[name].clean(self.initial.get(name))
        except ValidationError:
            return None

    # What is offered

    def _propose_day(self) -> None:
        """The day and time of the organisation's habit."""
        seen = access.activities(self.by, "activity.view")
        found = rhythm.usual(seen, self.host, self.chosen_kind, self.today)
        self.initial["held_on"] = found.day
        self.initial.setdefault("starts_at", found.starts_at)
        self.fields["held_on"].help_text = found.says

    def _suggested(self, source: Draft | None) -> dict[str, Any]:
        """The usual hours unless others were typed; for blank fields what the source had."""
        typed_hours = self.initial.get("hours")
        untouched = self.typed is not None and typed_hours == self.typed.get("usual_hours")
        hours = self.usual_hours if typed_hours is None or untouched else typed_hours
        suggested = {"kind": self.chosen_kind, "hours": hours}
        if source:
            last = {name: value for name, value in entered_in(source).items() if name in COPIED}
            blank = [name for name in COPIED if not {**self.initial, "hours": ""}.get(name)]
            blank = blank if hours == self.usual_hours else [n for n in blank if n != "hours"]
            copied = {name: last[name] for name in blank if last.get(name)}
            here = {**self.initial, **suggested}
            self.copied = [str(self.fields[n].label) for n in copied if copied[n] != here.get(n)]
            suggested |= copied
        return suggested

    def _offer(self) -> None:
        title = catalogue.current().label
        named = [(code, title("activities", code)) for code in self.kinds]
        often = [one for one in named if one in named[:OFTEN] or one[0] == self.chosen_kind]
        rest = [one for one in named if one not in often]
        self._choices("kind", [*often, ("更多类别", rest)] if rest else often)
        others = [one for one in named if one[0] != self.chosen_kind]
        self._choices("also", others)
        self._choices("sides", [(str(org.pk), org.short_name) for org in self.paired])
        self.fields |= own_fields.built(
            self.chosen, self.by, self.chosen_day, list(self.people.choices)
        )
        if self.pairs_code:
            name = f"{own_fields.PREFIX}{self.pairs_code}"
            self.fields[name] = forms.CharField(
                label=self.chosen.own[self.pairs_code].title, required=False
            )
        self.fields["hours"].help_text = self.proposal.says
        self._choices("co_hosts", [(str(org.pk), org.short_name) for org in self.partners])
        for role in people.ROLES:
            self._choices(role, [("", "未填"), *self.people.choices])
        self.fields["title"].widget.attrs["placeholder"] = "不填则用年月加类别"
        self.fields["late_reason"].help_text = f"活动已过去 {self.late_days} 天，属于补录。"
        self.fields["held_on"].widget.attrs |= {
            name: str(self.initial[key])
            for name, key in (("min", "from"), ("max", "to"))
            if self.initial.get(key)
        }

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def reasons(self) -> list[str]:
        """Of an absence, to choose from."""
        entries = catalogue.current().kinds["absences"].values()
        return [str(entry["title"]) for entry in entries]

    @cached_property
    def bases(self) -> dict[str, str]:
        rules = catalogue.current()
        kind = rules.kinds["activities"][self.chosen_kind]
        source = kind["basis"]
        place = str(source.get("article") or source.get("clause"))
        summed = [
            f"{o.title}：{cited(o.basis[0], rules)}"
            for o in rules.obligations.values()
            if isinstance(o.measure, Attended) and o.measure.sum_hours
        ]
        limit = rules.kinds["limits"]["late_entry_days"]["value"]
        return {
            **own_fields.bases(self.chosen),
            "kind": f"{kind['title']}：{cited(Basis(source['instrument'], place, ''), rules)}",
            "hours": "；".join(summed),
            "late_reason": f"活动 {limit} 天后才录入的算补录，页面上会标明。",
        }

    @property
    def joint(self) -> bool:
        return len(self.hosts) > 1 or any(self[name].value() for name in ("sides", "outside"))

    # What is saved

    def clean(self) -> dict[str, Any]:
        self.clean_rows()
        if self.earlier and self.typed is not None and "another" not in self.typed:
            self.add_error(
                None, "这张表已经保存过，没有再存一次。确实是另一次活动的，再点一次保存。"
            )
        elif not self.planned and not self.ahead and self.people.changed:
            self.add_error(
                None,
                f"应到人员随类别、日期或主办组织变了，现在是 {len(self.people.expected)} 人。"
                "请核对缺席后再保存。",
            )
        elif not self.planned and self.people.strange:
            self.add_error(
                None,
                f"提交的名单里有 {self.people.strange} 个不认识的人，可能页面放得太久。"
                "请核对下面的出席和缺席，再点一次保存。",
            )
        elif self.twin and self.typed is not None and "again" not in self.typed:
            self.add_error(
                None, "当天已有一次同类活动，请核对。确实又开展了一次的，再点一次保存。"
            )
        if self.many_hours and self.typed is not None and "sure" not in self.typed:
            self.add_error("hours", self.many_hours)
        self._away()
        return self.cleaned_data

    def _away(self) -> None:
        """Nobody leads what he is ticked as absent from."""
        if self.planned or self.people.tick != people.Tick.ABSENT:
            return
        away = {str(row.pk): row.name for row in self.people.ticked}
        for role in people.ROLES:
            if name := away.get(self.cleaned_data.get(role, "")):
                label = self.fields[role].label
                self.add_error(role, f"{name}点了缺席，不能又是{label}。请改一处。")

    @cached_property
    def twin(self) -> Activity | None:
        """Another activity of this kind that the host held (or planned) on the same day."""
        if self.activity or not self.is_bound:
            return None
        live = access.activities(self.by, "activity.view").live().whole().filter(hosts=self.host)
        return live.filter(kind=self.chosen_kind, held_on=self.chosen_day).first()

    def clean_hours(self) -> Decimal | None:
        """Sent before the page could fill them in, they are what it would have filled in."""
        said: Decimal | None = self.cleaned_data["hours"]
        blank = said is None and self.typed is not None and self.typed.get("usual_hours") == ""
        return Decimal(self.usual_hours) if blank and self.usual_hours else said

    def draft(self) -> Draft:
        said = self.cleaned_data
        roles = {role: said[role] for role in people.ROLES}
        there = () if self.planned else people.attended(self.people, roles, self.occasion)
        return Draft(
            kind=said["kind"],
            title=said["title"] or self.usual_title,
            held_on=said["held_on"],
            hosts=self.hosts,
            hours=said["hours"],
            attended=there,
            absent={} if self.planned else people.absent(self.people, self.occasion, there),
            starts_at=said["starts_at"],
            place=said["place"],
            summary=said["summary"],
            planned=self.planned,
            late_reason=said["late_reason"] if self.late_days else "",
            ends_at=said["ends_at"],
            last_on=said["last_on"],
            outside=said["outside"],
            also=tuple(said["also"]),
            own=own_fields.meant(self.chosen, said),
            agenda=said["agenda"] if self.chosen.deciding else (),
            follow_ups=said["follow_ups"] if self.chosen.deciding else (),
            sides=tuple(org for org in self.paired if str(org.pk) in said["sides"]),
        )


def entered_in(draft: Draft) -> dict[str, Any]:
    """A record as the values of the form's fields."""
    values = {name: getattr(draft, name) for name in (*ENTERED, "late_reason")}
    attended = draft.attended or ()
    roles = {role: people.holder(attended, role) for role in people.ROLES}
    kind = catalogue.activity_kinds()[draft.kind]
    return {
        **values,
        **roles,
        **own_fields.entered(kind, draft.own),
        "co_hosts": [str(host.pk) for host in draft.hosts[1:]],
        "sides": [str(org.pk) for org in draft.sides],
        "also": list(draft.also),
        "hours": plain(draft.hours),
    }
