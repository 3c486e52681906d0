"""The record form: what it comes with, what it asks again, what it saves."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records.actions import memberships
from guantong.records.drafts import Attended
from guantong.records.models import Activity, School, User
from tests.factories import TODAY, Cast, appoint, make_activity, make_person, owner
from tests.web.answers import shown
from tests.web.record_form import NEW, fields, form_of, missing, there

type SignIn = Callable[[User], Client]


def set_today(day: date) -> None:
    School.objects.update(today=day)


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


def test_who_is_ticked_as_absent_leads_nothing(cast: Cast, as_: SignIn) -> None:
    client, ill = as_(cast.secretary), owner(cast.member).pk
    answer = client.post(NEW, form_of(client) | {"absent": [ill], "chair": ill})
    assert answer.context["form"].errors["chair"] == ["党员甲点了缺席，不能又是主持。请改一处。"]


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


def test_hours_that_the_page_had_no_time_to_fill_in_are_filled_in(cast: Cast, as_: SignIn) -> None:
    client, address = as_(cast.secretary), f"{NEW}?kind=joint_activity"
    typed = form_of(client, address) | {"also": ["theme_day"]}
    assert client.post(address, typed | {"usual_hours": "2"}).status_code == 422, "wiped out"
    client.post(address, typed | {"usual_hours": ""})
    assert Activity.objects.whole().get().hours == 2


def test_more_hours_than_a_day_has_are_asked_about_once(cast: Cast, as_: SignIn) -> None:
    client, address = as_(cast.secretary), f"{NEW}?kind=theme_day"
    typed = form_of(client, address) | {"hours": "20"}
    asked = client.post(address, typed)
    assert (asked.status_code, "1 天记了 20 学时" in shown(asked)) == (422, True)
    assert 'name="sure"' in shown(asked)
    assert client.post(address, typed | {"sure": "1"}).status_code == 302


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
    assert answer.status_code == 422
    assert "不超过 200" in shown(answer)
    assert '<a href="#id_hours_error">学时</a>' in shown(answer)  # far below on a phone
    kept = fields(answer)
    assert {name: str(kept[name]) for name in ("title", "place", "summary", "hours")} == {
        "title": "题目",
        "place": "101 室",
        "summary": "一句话",
        "hours": "300",
    }
    assert (kept["absent"], kept[f"reason-{ill}"]) == ([ill], "出差")
    assert kept["chair"] == str(typed["chair"])


@pytest.mark.parametrize("name", ["absent", "present", "guest"])
@pytest.mark.parametrize("nobody", ["1", "9" * 20, "x"])
def test_nobody_unknown_is_dropped_in_silence(
    cast: Cast, as_: SignIn, name: str, nobody: str
) -> None:
    client, ill = as_(cast.secretary), owner(cast.member).pk
    outside = owner(cast.outsider).pk if nobody == "1" else nobody
    tick = {"tick": name} if name != "guest" else {}
    typed = form_of(client) | {"place": "101 室", "absent": [ill], f"reason-{ill}": "出差"} | tick
    answer = client.post(NEW, typed | {name: [*typed.get(name, []), outside]})

    assert (answer.status_code, "1 个不认识的人" in shown(answer)) == (422, True)
    assert not Activity.objects.exists()
    assert fields(answer)["place"] == "101 室"
    if name != "present":
        assert (fields(answer)["absent"], fields(answer)[f"reason-{ill}"]) == ([ill], "出差")


def test_a_late_record_asks_for_the_reason(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    late = (TODAY - timedelta(days=31)).isoformat()
    typed = form_of(client) | {"held_on": late}
    assert "补录原因" not in shown(client.get(NEW))
    assert "补录原因" in shown(client.post(NEW, typed | {"refresh": "1"}))
    answer = client.post(NEW, typed)
    assert (answer.status_code, "写明补录原因" in shown(answer)) == (422, True)
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
    assert client.post(NEW, typed).status_code == 422
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
    page = reverse("activity", args=[made.pk])
    assert "请上级在更正里去掉" in shown(as_(cast.secretary).get(page))  # one host alone cannot
    assert 'id="together"' not in shown(client.get(page))


def test_the_last_record_fills_what_is_still_blank(cast: Cast, as_: SignIn) -> None:
    chair = owner(cast.member)
    attended = (Attended(owner(cast.secretary).pk), Attended(chair.pk, "chair"))
    last = make_activity(cast.branch, place="301 室", attended=attended, title="旧题目")
    client = as_(cast.secretary)
    typed = form_of(client, f"{NEW}?kind=theme_day")
    page = client.post(NEW, typed | {"copy": last.pk})
    assert "填好：地点、主持。" in shown(page)
    copied = fields(page)
    assert (copied["place"], copied["chair"]) == ("301 室", str(chair.pk))
    assert "title" not in copied
    again = client.post(NEW, copied | {"copy": last.pk, "place": "别处"})
    assert (fields(again)["place"], "没有可照填的" in shown(again)) == ("别处", True)


def test_a_second_record_of_a_day_is_asked_about_first(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, by=cast.officer, held_on=TODAY, title="别人记的")
    client = as_(cast.secretary)
    typed = form_of(client, f"{NEW}?kind=theme_day")
    answer = client.post(NEW, typed)
    assert (answer.status_code, "别人记的" in shown(answer)) == (422, True)
    assert Activity.objects.count() == 1
    client.post(NEW, typed | {"again": "1"})
    assert Activity.objects.count() == 2


def test_a_form_sent_again_makes_no_second_record_unnoticed(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    page = client.get(NEW, {"kind": "theme_day"})
    typed = fields(page) | {"form": page.context["token"]}
    made = client.post(NEW, typed)["Location"]
    answer = client.post(NEW, typed | {"kind": "party_lecture", "title": "题目"})
    assert (answer.status_code, "已经保存过" in shown(answer)) == (422, True)
    assert f'<a href="{made}">打开' in shown(answer)
    assert fields(answer)["title"] == "题目"
    assert Activity.objects.count() == 1
    client.post(NEW, typed | {"kind": "party_lecture", "another": "1"})
    assert Activity.objects.count() == 2


def test_a_new_form_tells_what_was_just_saved_from_its_address(cast: Cast, as_: SignIn) -> None:
    client, address = as_(cast.secretary), f"{NEW}?kind=theme_day"
    assert 'id="just"' not in shown(client.get(address))
    made = client.post(address, form_of(client, address))["Location"]
    assert f'刚才在这里保存了：<a href="{made}">' in shown(client.get(address))
    assert 'id="just"' not in shown(client.get(f"{NEW}?kind=talk"))


def test_the_kinds_keep_their_order_however_often_they_are_used(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    before = client.get(NEW).context["form"].kinds
    make_activity(cast.branch, kind="talk", hours=None)
    form = client.get(NEW).context["form"]
    assert form.kinds == before
    assert form["kind"].value() == "talk"  # the usual one is only ticked beforehand


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
        *[("title", "长" * 201), ("chair", "99999999"), ("co_hosts", "7777")],
        *[("shown", "1,2,zzz"), ("starts_at", "25:61"), ("place", "\0")],
    ],
)
def test_nonsense_is_refused_and_nothing_is_written(
    cast: Cast, as_: SignIn, name: str, value: str
) -> None:
    client = as_(cast.secretary)
    assert client.post(NEW, form_of(client) | {name: value}).status_code == 422
    assert not Activity.objects.exists()


def test_ids_that_are_none_are_told_and_gone_from_the_form(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    typed = form_of(client) | {"absent": "x", "guest": "9" * 40, "version": "9" * 5000}
    assert client.post(NEW, typed | {"words": "\0"}).status_code == 200
    answer = client.post(NEW, typed)
    assert (answer.status_code, Activity.objects.exists()) == (422, False)
    client.post(NEW, fields(answer))
    assert len(there(Activity.objects.get())) == 2


def test_a_person_out_of_reach_is_not_recorded_even_by_id(cast: Cast, as_: SignIn) -> None:
    client = as_(cast.secretary)
    answer = client.post(NEW, form_of(client) | {"guest": [owner(cast.outsider).pk]})
    assert (answer.status_code, "支书乙" in shown(answer)) == (422, False)
    assert not Activity.objects.exists()


def test_the_plan_of_the_month_is_pointed_to(cast: Cast, as_: SignIn) -> None:
    plan = make_activity(cast.branch, held_on=date(2023, 6, 20), planned=True, title="早已计划")
    page = shown(as_(cast.secretary).get(f"{NEW}?kind=theme_day"))
    assert reverse("activity-edit", args=[plan.pk]) in page
    assert "早已计划" not in shown(as_(cast.secretary).get(f"{NEW}?kind=party_lecture"))
