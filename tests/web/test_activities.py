from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from guantong.records import crediting
from guantong.records.actions import activities, memberships
from guantong.records.actions import ledger as keep
from guantong.records.drafts import Attended
from guantong.records.models import Activity, School, User
from tests.factories import (
    TODAY,
    Cast,
    appoint,
    make_activity,
    make_draft,
    make_person,
    owner,
)

type SignIn = Callable[[User], Client]
NEW = "/activities/new/"


def shown(response: Any) -> str:
    return str(response.content.decode())


def form_of(client: Client, address: str = NEW) -> dict[str, Any]:
    """What the browser would send if nobody touched the form."""
    return fields(client.get(address))


def fields(response: Any) -> dict[str, Any]:
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    values |= {"shown": form.people.shown, "tick": str(form.people.tick)}
    values["usual_hours"] = form.usual_hours
    values[str(form.people.tick)] = [row.pk for row in form.people.ticked]
    values["guest"] = [row.pk for row in form.people.guests if row.ticked]
    values |= {f"reason-{row.pk}": row.reason for row in form.people.ticked}
    if response.context["version"] is not None:
        values["version"] = response.context["version"]
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def set_today(day: date) -> None:
    School.objects.update(today=day)


def there(activity: Activity) -> dict[str, str]:
    rows = activity.attendances.select_related("person")
    return {row.person.name: row.role for row in rows}


def missing(activity: Activity) -> dict[str, str]:
    rows = activity.absences.select_related("person")
    return {row.person.name: row.reason for row in rows}


# Recording


def test_the_form_comes_filled_in_and_saves_as_it_is(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    response = client.post(NEW, form_of(client, f"{NEW}?kind=theme_day"))
    made = Activity.objects.get()
    assert response["Location"] == reverse("activity", args=[made.pk])
    assert (made.kind, made.held_on, made.hours) == ("theme_day", TODAY, 2)
    assert made.title == "2023年6月主题党日"
    assert list(made.hosts.all()) == [cast.branch]
    assert there(made) == {"支书甲": "attendee", "党员甲": "attendee"}


def test_a_tick_is_an_absence_with_its_reason(cast: Cast, as_: SignIn) -> None:
    client, ill = as_(cast.secretary), owner(cast.member).pk
    client.post(NEW, form_of(client) | {"absent": [ill], f"reason-{ill}": "病假"})
    made = Activity.objects.get()
    assert there(made) == {"支书甲": "attendee"}
    assert missing(made) == {"党员甲": "病假"}


def test_whoever_is_released_from_attendance_is_ticked_beforehand(cast: Cast, as_: SignIn) -> None:
    old = make_person("退休甲", cast.branch)
    memberships.set_exempt(
        by=None, person=old, exempt=True, reason="年老体弱", on=TODAY - timedelta(days=9)
    )
    client = as_(cast.secretary)
    client.post(NEW, form_of(client))
    assert missing(Activity.objects.get()) == {"退休甲": "免于硬性参加"}


def test_the_kind_decides_who_is_expected_and_the_hours(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    typed = form_of(client, f"{NEW}?kind=theme_day") | {"title": "写了一半"}
    again = client.post(NEW, typed | {"kind": "branch_committee", "refresh": "1"})
    form = again.context["form"]
    assert again.status_code == 200
    assert [row.name for row in form.people.expected] == ["支书甲"]
    assert (form["hours"].value(), form["title"].value()) == ("", "写了一半")
    assert not Activity.objects.exists()


def test_hours_that_were_typed_stay(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    typed = form_of(client, f"{NEW}?kind=theme_day") | {"hours": "3.5"}
    again = client.post(NEW, typed | {"kind": "party_lecture", "refresh": "1"})
    assert again.context["form"]["hours"].value() == "3.5"


def test_a_roster_that_changed_is_shown_before_it_is_saved(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    typed = form_of(client) | {"kind": "branch_committee"}
    answer = client.post(NEW, typed)
    assert answer.status_code == 422
    assert "现在是 1 人" in shown(answer)
    assert not Activity.objects.exists()
    assert client.post(NEW, fields(answer)).status_code == 302


def test_nothing_typed_is_lost_when_something_is_wrong(cast: Cast, as_: SignIn) -> None:
    client, ill = as_(cast.secretary), owner(cast.member).pk
    typed = form_of(client) | {
        **{"hours": "300", "title": "题目", "place": "101 室", "starts_at": "19:30"},
        **{"summary": "一句话", "chair": owner(cast.secretary).pk, "absent": [ill]},
        f"reason-{ill}": "出差",
    }
    answer = client.post(NEW, typed)
    assert answer.status_code == 403
    assert "不超过 200" in shown(answer)
    kept = fields(answer)
    assert {name: str(kept[name]) for name in ("title", "place", "summary", "hours")} == {
        "title": "题目",
        "place": "101 室",
        "summary": "一句话",
        "hours": "300",
    }
    assert (kept["absent"], kept[f"reason-{ill}"]) == ([ill], "出差")
    assert kept["chair"] == str(typed["chair"])


def test_a_late_record_asks_for_the_reason(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    late = (TODAY - timedelta(days=31)).isoformat()
    typed = form_of(client) | {"held_on": late}
    assert "补录原因" not in shown(client.get(NEW))
    assert "补录原因" in shown(client.post(NEW, typed | {"refresh": "1"}))
    answer = client.post(NEW, typed)
    assert (answer.status_code, "写明补录原因" in shown(answer)) == (403, True)
    client.post(NEW, typed | {"late_reason": "出差刚回"})
    page = client.get(reverse("activity", args=[Activity.objects.get().pk]))
    assert "补录 +31 天" in shown(page)
    assert "出差刚回" in shown(page)


def test_a_reason_typed_for_nothing_is_not_kept(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    client.post(NEW, form_of(client) | {"late_reason": "其实不晚"})
    assert Activity.objects.get().late_reason == ""


def test_a_plan_is_saved_without_people_and_held_later(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    ahead = TODAY + timedelta(days=3)
    typed = form_of(client, f"{NEW}?kind=theme_day") | {"held_on": ahead.isoformat()}
    assert client.post(NEW, typed).status_code == 403
    client.post(NEW, typed | {"plan": "1"})
    plan = Activity.objects.get()
    assert (plan.planned, there(plan)) == (True, {})
    set_today(ahead)
    edit = reverse("activity-edit", args=[plan.pk])
    page = client.get(edit)
    assert "记录开展" in shown(page)
    client.post(edit, fields(page))
    plan.refresh_from_db()
    assert (plan.planned, len(there(plan))) == (False, 2)


def test_where_few_came_those_who_came_are_ticked(cast: Cast, as_: SignIn) -> None:
    client, me = as_(cast.secretary), owner(cast.secretary).pk
    typed = form_of(client, f"{NEW}?kind=volunteer")
    few = fields(client.post(NEW, typed | {"switch": "1"}))
    assert few["tick"] == "present"
    client.post(NEW, few | {"present": [me]})
    made = Activity.objects.get()
    assert (there(made), missing(made)) == ({"支书甲": "attendee"}, {})


def test_guests_are_found_by_name_and_the_lecturer_may_be_one(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    dean = make_person("院长甲", cast.other_branch)
    appoint(dean, cast.college, "dean")
    typed = form_of(client, f"{NEW}?kind=party_lecture")
    found = fields(client.post(NEW, typed | {"words": "院长甲 某来宾"}))
    assert found["guest"] == [dean.pk]
    client.post(NEW, found | {"lecturer": dean.pk})
    assert there(Activity.objects.get())["院长甲"] == "lecturer"


def test_a_word_left_in_the_search_box_is_looked_for_before_anything_is_saved(
    cast: Cast, as_: SignIn
) -> None:
    client = as_(cast.officer)
    answer = client.post(NEW, form_of(client) | {"words": "支书乙 党员甲"})
    assert not Activity.objects.exists()
    assert "没有找到“支书乙”" in shown(answer)
    assert fields(answer)["guest"] == [owner(cast.member).pk]


def test_a_whole_branch_joins_at_once(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.officer)
    typed = form_of(client, f"{NEW}?kind=central_training")
    found = fields(client.post(NEW, typed | {"words": cast.branch.short_name}))
    client.post(NEW, found)
    assert set(there(Activity.objects.get())) == {"组织员甲", "支书甲", "党员甲"}


def test_branches_hold_an_activity_together(cast: Cast, as_: SignIn) -> None:
    client, address = as_(cast.officer), f"{NEW}?org={cast.branch.pk}"
    typed = form_of(client, address) | {"co_hosts": [cast.sibling.pk]}
    both = fields(client.post(address, typed | {"refresh": "1"}))
    client.post(address, both | {"co_hosts": [cast.sibling.pk]})
    made = Activity.objects.get()
    assert set(made.hosts.all()) == {cast.branch, cast.sibling}
    assert len(there(made)) == 3


def test_the_last_record_fills_what_is_still_blank(cast: Cast, as_: SignIn) -> None:
    chair = owner(cast.member)
    attended = (Attended(owner(cast.secretary).pk), Attended(chair.pk, "chair"))
    last = make_activity(cast.branch, place="301 室", attended=attended, title="旧题目")
    client = as_(cast.secretary)
    typed = form_of(client, f"{NEW}?kind=theme_day")
    copied = fields(client.post(NEW, typed | {"copy": last.pk}))
    assert (copied["place"], copied["chair"]) == ("301 室", str(chair.pk))
    assert "title" not in copied
    assert fields(client.post(NEW, typed | {"copy": last.pk, "place": "别处"}))["place"] == "别处"


def test_a_second_record_of_a_day_is_asked_about_first(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, by=cast.officer, held_on=TODAY, title="别人记的")
    client = as_(cast.secretary)
    typed = form_of(client, f"{NEW}?kind=theme_day")
    answer = client.post(NEW, typed)
    assert (answer.status_code, "别人记的" in shown(answer)) == (422, True)
    assert Activity.objects.count() == 1
    client.post(NEW, typed | {"again": "1"})
    assert Activity.objects.count() == 2


def test_the_day_of_a_period_that_is_over_is_left_to_the_user(cast: Cast, as_: SignIn) -> None:
    page = as_(cast.secretary).get(f"{NEW}?kind=theme_day&from=2023-05-01&to=2023-05-31")
    form = page.context["form"]
    assert form["held_on"].value() == ""
    assert 'min="2023-05-01"' in shown(page)
    assert form.chosen_day == date(2023, 5, 31)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("kind", "nonsense"), ("held_on", "2023-13-40"), ("hours", "两"), ("hours", "-1")],
        *[("title", "长" * 201), ("chair", "99999999"), ("co_hosts", "7777"), ("absent", "x")],
        *[("shown", "1,2,zzz"), ("starts_at", "25:61"), ("guest", "9" * 40)],
    ],
)
def test_nonsense_is_refused_and_nothing_is_written(
    cast: Cast, as_: SignIn, name: str, value: str
) -> None:
    client = as_(cast.secretary)
    answer = client.post(NEW, form_of(client) | {name: value})
    harmless = name in {"absent", "guest"}
    assert answer.status_code == (302 if harmless else answer.status_code)
    assert Activity.objects.exists() == harmless
    assert harmless or answer.status_code in {403, 422}


def test_a_person_out_of_reach_is_not_recorded_even_by_id(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    client.post(NEW, form_of(client) | {"guest": [owner(cast.outsider).pk]})
    assert "支书乙" not in there(Activity.objects.get())


# Who may


def test_only_who_may_record_gets_the_form(cast: Cast, as_: SignIn) -> None:
    answers = {name: as_(user).get(NEW).status_code for name, user in cast.everyone().items()}
    assert answers == {
        **dict.fromkeys(("secretary", "officer", "office", "outsider"), 200),
        "inspector": 403,
        **dict.fromkeys(("admin", "member", "stranger"), 404),
    }
    elsewhere = as_(cast.secretary).get(f"{NEW}?org={cast.other_branch.pk}")
    assert elsewhere.status_code == 404


def test_who_sees_an_activity_and_who_is_named_to_whom(cast: Cast, as_: SignIn) -> None:
    ill = owner(cast.member)
    made = make_activity(cast.branch, absent={ill.pk: "病假"})
    address = reverse("activity", args=[made.pk])
    seen = {name: as_(user).get(address).status_code for name, user in cast.everyone().items()}
    assert {name for name, status in seen.items() if status == 200} == {
        *("secretary", "officer", "office", "inspector", "member"),
    }
    other = make_person("党员丙", cast.branch)
    made = make_activity(cast.branch, title="第二次", absent={other.pk: "病假"})
    page = shown(as_(cast.member).get(reverse("activity", args=[made.pk])))
    assert ("党员甲" in page, "党员丙" in page, "病假" in page) == (True, False, False)
    page = shown(as_(cast.secretary).get(reverse("activity", args=[made.pk])))
    assert ("党员丙" in page, "病假" in page) == (True, True)


def test_the_buttons_are_for_those_whom_the_action_allows(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    address = reverse("activity", args=[made.pk])
    may = {
        name: as_(user).get(address).context["may"]
        for name, user in cast.everyone().items()
        if name in {"secretary", "officer", "inspector", "member"}
    }
    assert may == {
        "secretary": {"correct", "withdraw"},
        "officer": {"correct", "withdraw", "verify"},
        "inspector": set(),
        "member": set(),
    }


# Correcting and the other verbs


def test_a_record_comes_back_unchanged_from_its_form(cast: Cast, as_: SignIn) -> None:
    me, other = owner(cast.secretary).pk, owner(cast.member).pk
    made = make_activity(
        cast.branch,
        by=cast.secretary,
        attended=(Attended(me, "lecturer", make_draft().hours), Attended(other, "lecturer")),
        place="楼下",
    )
    edit = reverse("activity-edit", args=[made.pk])
    client = as_(cast.secretary)
    client.post(edit, form_of(client, edit))
    made.refresh_from_db()
    assert made.version == 1
    assert there(made) == {"支书甲": "lecturer", "党员甲": "lecturer"}


def test_a_record_of_a_few_stays_one_of_a_few(cast: Cast, as_: SignIn) -> None:
    make_person("党员丙", cast.branch)
    me = owner(cast.secretary).pk
    made = make_activity(cast.branch, by=cast.secretary, attended=(Attended(me),))
    edit, client = reverse("activity-edit", args=[made.pk]), as_(cast.secretary)
    typed = form_of(client, edit)
    assert (typed["tick"], typed["present"]) == ("present", [me])
    client.post(edit, typed | {"title": "改题"})
    assert (there(made), missing(made)) == ({"支书甲": "attendee"}, {})


def test_a_conflict_shows_what_was_changed_and_keeps_what_was_typed(
    cast: Cast, as_: SignIn
) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    edit, client = reverse("activity-edit", args=[made.pk]), as_(cast.secretary)
    typed = form_of(client, edit) | {"place": "我写的地点"}
    theirs = make_draft(cast.branch, place="别人的地点", absent={owner(cast.member).pk: ""})
    activities.correct(by=cast.officer, activity=made, version=1, draft=theirs)
    answer = client.post(edit, typed)
    page = shown(answer)
    assert answer.status_code == 409
    assert "别人的地点" in page
    assert "党员甲" in page
    assert fields(answer)["place"] == "我写的地点"
    assert client.post(edit, fields(answer)).status_code == 302
    made.refresh_from_db()
    assert (made.place, made.version) == ("我写的地点", 3)


def test_withdrawing_needs_a_reason_and_can_be_undone(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    address, client = reverse("activity", args=[made.pk]), as_(cast.secretary)
    verb = reverse("activity-withdraw", args=[made.pk])
    assert client.post(verb, {"version": 1, "reason": ""}).status_code == 422
    client.post(verb, {"version": 1, "reason": "记重了"})
    assert "记重了" in shown(client.get(address))
    assert client.get(reverse("activity-edit", args=[made.pk])).status_code == 302
    client.post(reverse("activity-restore", args=[made.pk]))
    made.refresh_from_db()
    assert made.withdrawn_at is None
    again = client.post(reverse("activity-restore", args=[made.pk]))
    assert (again.status_code, "不用恢复" in shown(again)) == (403, True)


def test_verifying_is_for_others_and_says_why_not(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    verb = reverse("activity-verify", args=[made.pk])
    stale = as_(cast.officer).post(verb, {"version": 7})
    assert stale.status_code == 409
    refused = as_(cast.secretary).post(verb, {"version": 1})
    assert (refused.status_code, "权限" in shown(refused)) == (403, True)
    as_(cast.officer).post(verb, {"version": 1})
    made.refresh_from_db()
    assert made.verified_by == cast.officer


def test_the_history_tells_versions_with_names(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    theirs = make_draft(cast.branch, absent={owner(cast.member).pk: "出差"})
    activities.correct(by=cast.officer, activity=made, version=1, draft=theirs)
    page = as_(cast.secretary).get(reverse("activity", args=[made.pk]))
    corrected, recorded = page.context["trail"]
    assert (recorded.says, recorded.changes) == ("记录活动", ())
    told = {change.field: (change.before, change.after) for change in corrected.changes}
    assert told == {
        "参加人员": ("党员甲（参加，2 学时）", "无"),
        "缺席人员": ("无", "党员甲（出差）"),
    }
    assert as_(cast.member).get(reverse("activity", args=[made.pk])).context["trail"] == ()


# What it does to the ledger


def test_saving_says_what_was_just_closed(cast: Cast, as_: SignIn) -> None:
    keep.rebuild()
    client = as_(cast.secretary)
    answer = client.post(NEW, form_of(client, f"{NEW}?kind=theme_day"))
    page = client.get(answer["Location"])
    closed = {(credit.title, credit.entry.verdict) for credit in page.context["closed"]}
    assert closed == {("主题党日", "met")}
    assert {"主题党日", "党员年度学习学时"} <= {c.title for c in page.context["credits"]}
    assert client.get(answer["Location"]).context["closed"] == []
    twice = client.post(
        NEW, form_of(client, f"{NEW}?kind=theme_day") | {"again": "1", "title": "二"}
    )
    assert client.get(twice["Location"]).context["closed"] == []


def test_a_plan_counts_for_nothing(cast: Cast, as_: SignIn) -> None:
    keep.rebuild()
    plan = make_activity(cast.branch, held_on=TODAY, planned=True)
    assert crediting.counted_for(plan) == []


# The list


def rows_of(response: Any) -> list[str]:
    return [row.activity.title for row in response.context["rows"]]


def test_the_list_is_narrowed_and_sorted(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, title="旧", held_on=date(2023, 4, 1), late_reason="忘了")
    make_activity(cast.sibling, title="新", kind="party_lecture")
    make_activity(cast.college, title="院", kind="central_group_study")
    gone = make_activity(cast.branch, title="撤", held_on=TODAY)
    activities.withdraw(by=None, activity=gone, version=1, reason="错")
    make_activity(cast.branch, title="将", held_on=TODAY + timedelta(1), planned=True)
    client, address = as_(cast.officer), reverse("activity-list")
    expected = {
        "": ["将", "院", "新", "旧"],
        "sort=held": ["旧", "新", "院", "将"],
        "q=旧": ["旧"],
        "kind=party_lecture": ["新"],
        "from=2023-06-01&to=2023-06-14": ["院", "新"],
        "state=late": ["旧"],
        "state=planned": ["将"],
        "state=withdrawn": ["撤"],
        "state=held": ["院", "新", "旧"],
        f"org={cast.branch.pk}": ["将", "旧"],
        "level=own": ["院"],
        "state=nonsense&sort=x&page=99&from=never": ["将", "院", "新", "旧"],
    }
    found = {query: rows_of(client.get(f"{address}?{query}")) for query in expected}
    assert found == expected
    assert client.get(f"{address}?org={cast.other_branch.pk}").status_code == 404


def test_the_month_shows_each_day_and_counts_where_there_are_many(cast: Cast, as_: SignIn) -> None:
    for number in range(4):
        make_activity(cast.branch, title=f"第{number}次")
    make_activity(cast.branch, title="单独", held_on=date(2023, 6, 1))
    client, address = as_(cast.secretary), f"{reverse('activity-list')}?view=month"
    days = {
        day.day: [(mark.label, mark.count) for mark in day.marks]
        for week in client.get(address).context["month"].weeks()
        for day in week
        if day.marks
    }
    assert days == {date(2023, 6, 14): [("主题党日", 4)], date(2023, 6, 1): [("单独", 1)]}
    other = client.get(f"{address}&month=2023-02").context["month"]
    assert (other.title, other.count, other.after) == ("2023年2月", 0, "2023-03")
    assert client.get(f"{address}&month=9999-99").context["month"].title == "2023年6月"


def test_a_fragment_equals_the_part_of_the_page(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch)
    client, address = as_(cast.secretary), reverse("activity-list")
    part = shown(client.get(address, headers={"HX-Request": "true"})).strip()
    assert part.startswith('<div id="list">')
    assert part in shown(client.get(address))


def test_the_workbook_holds_every_row_of_the_list(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, title="=1+1", absent={owner(cast.member).pk: ""})
    answer = as_(cast.secretary).get(f"{reverse('activity-list')}?export=xlsx")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0)
    rows = sheet.to_python()
    header, line = rows[2], rows[3]
    told = dict(zip(header, line, strict=True))
    assert (told["主题"], told["出席人数"], told["缺席人数"]) == ("=1+1", 1, 1)


def test_an_empty_list_says_what_to_do_first(cast: Cast, as_: SignIn) -> None:
    page = shown(as_(cast.secretary).get(reverse("activity-list")))
    assert f'href="{NEW}"' in page
    assert "还没有活动" in page
