"""The page of an activity and its verbs, where it counts, and the list."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from guantong.records import crediting
from guantong.records.actions import activities
from guantong.records.actions import ledger as keep
from guantong.records.drafts import Attended
from guantong.records.models import Activity, User
from tests.factories import TODAY, Cast, appoint, make_activity, make_draft, make_person, owner
from tests.web.answers import part, rows, shown
from tests.web.record_form import NEW, fields, form_of, missing, there

type SignIn = Callable[[User], Client]


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
        "secretary": {"correct", "copy", "withdraw"},
        "officer": {"correct", "copy", "withdraw", "verify"},
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


def test_who_may_not_withdraw_is_told_before_filling_in_the_form(cast: Cast, as_: SignIn) -> None:
    verb = reverse("activity-withdraw", args=[make_activity(cast.branch).pk])
    for user in (cast.inspector, cast.member):
        assert as_(user).get(verb).status_code == 403
    assert as_(cast.secretary).get(verb).status_code == 200


def test_withdrawing_needs_a_reason_and_can_be_undone(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    address, client = reverse("activity", args=[made.pk]), as_(cast.secretary)
    verb = reverse("activity-withdraw", args=[made.pk])
    assert client.post(verb, {"version": 1, "reason": ""}).status_code == 422
    client.post(verb, {"version": 1, "reason": "记重了"})
    page = client.get(address)
    assert "记重了" in shown(page)
    assert [change.field for change in page.context["trail"][0].changes] == ["撤销原因"]
    assert client.get(reverse("activity-edit", args=[made.pk])).status_code == 302
    client.post(reverse("activity-restore", args=[made.pk]))
    made.refresh_from_db()
    assert made.withdrawn_at is None
    again = client.post(reverse("activity-restore", args=[made.pk]))
    assert (again.status_code, "不用恢复" in shown(again)) == (422, True)


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


def test_the_history_counts_people_where_they_are_many(cast: Cast, as_: SignIn) -> None:
    for number in range(9):
        make_person(f"党员{number}", cast.branch)
    made = make_activity(cast.branch, by=cast.secretary)
    gone = {owner(cast.member).pk: "出差"}
    longer = make_draft(cast.branch, hours=Decimal("2.5"), absent=gone)
    activities.correct(by=cast.officer, activity=made, version=1, draft=longer)
    page = as_(cast.secretary).get(reverse("activity", args=[made.pk]))
    told = [(c.field, c.before, c.after) for c in page.context["trail"][0].changes]
    assert ("学时", "2", "2.5") in told
    assert ("参加人员", "党员甲（参加，2 学时）", "无") in told, "whoever left is named"
    [(before, after)] = [(b, a) for f, b, a in told if f == "参加人员" and a != "无"]
    assert before.endswith("（参加，2 学时）等 10 个")
    assert after.endswith("（参加，2.5 学时）等 10 个")


def test_the_history_tells_versions_with_names(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary)
    late = datetime(2023, 6, 14, 20, tzinfo=UTC)  # the next day where the school is
    Activity.objects.filter(pk=made.pk).update(verified_at=late)
    theirs = make_draft(cast.branch, absent={owner(cast.member).pk: "出差"})
    activities.correct(by=cast.officer, activity=made, version=1, draft=theirs)
    address = reverse("activity", args=[made.pk])
    page = as_(cast.secretary).get(address)
    corrected, recorded = page.context["trail"]
    assert (recorded.says, recorded.changes) == ("记录活动", ())
    assert corrected.unverified == "2023-06-15"
    assert "verify" not in as_(cast.officer).get(address).context["may"], "others verify it"
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
    lecture = {"also": "party_lecture", "hours": "2"}
    both = client.post(NEW, form_of(client, f"{NEW}?kind=branch_assembly") | lecture)
    closed = {credit.title for credit in client.get(both["Location"]).context["closed"]}
    assert closed == {"支部党员大会", "支部党课"}, "of the whole sitting"


def test_everyone_who_was_there_is_accounted_for(cast: Cast, as_: SignIn) -> None:
    """A leader of the college counts there, where the branch's secretary sees nothing."""
    leader = make_person("院书记甲", cast.branch)
    appoint(leader, cast.college, "secretary")
    keep.rebuild()
    made = make_activity(cast.branch)
    address = reverse("activity", args=[made.pk])
    page = as_(cast.secretary).get(address)
    counted = sum(c.count for c in page.context["credits"] if c.entry.person_id)
    assert (page.context["people"].present, counted) == (3, 2)
    assert "另有 1 人计入他们任职或所在的别的党组织" in shown(page)
    assert "另有" not in shown(as_(cast.officer).get(address))
    assert "另有 2 人各计入自己名下" in shown(as_(cast.member).get(address))


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
    assert as_(cast.admin).get(address).status_code == 404


def test_the_month_shows_each_day_and_counts_where_there_are_many(cast: Cast, as_: SignIn) -> None:
    for number in range(4):
        make_activity(cast.branch, title=f"第{number}次")
    make_activity(cast.branch, title="单独", held_on=date(2023, 6, 1))
    make_activity(cast.branch, title="培训", held_on=date(2023, 5, 31), last_on=date(2023, 6, 1))
    client, address = as_(cast.secretary), f"{reverse('activity-list')}?view=month"
    days = {
        day.day: [(mark.label, mark.count) for mark in day.marks]
        for week in client.get(address).context["month"].weeks()
        for day in week
        if day.marks
    }
    first = [("培训", 1), ("单独", 1)]  # what lasts several days stands on each
    assert days == {date(2023, 6, 14): [("主题党日", 4)], date(2023, 6, 1): first}
    listed = client.get(reverse("activity-list"), {"from": "2023-06-01", "to": "2023-06-01"})
    assert {row.activity.title for row in listed.context["rows"]} == {"培训", "单独"}
    other = client.get(f"{address}&month=2023-02").context["month"]
    assert (other.title, other.count, other.after) == ("2023年2月", 0, "2023-03")
    assert client.get(f"{address}&month=9999-99").context["month"].title == "2023年6月"


def test_a_fragment_equals_the_part_of_the_page(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch)
    client, address = as_(cast.secretary), reverse("activity-list")
    assert part(client, address).startswith('<div id="list">')


def test_the_workbook_holds_every_row_of_the_list(cast: Cast, as_: SignIn) -> None:
    make_activity(cast.branch, title="=1+1", absent={owner(cast.member).pk: ""})
    answer = as_(cast.secretary).get(f"{reverse('activity-list')}?export=xlsx")
    header, line = rows(answer)
    told = dict(zip(header, line, strict=True))
    assert (told["主题"], told["出席人数"], told["缺席人数"]) == ("=1+1", 1, 1)


def test_an_empty_list_says_what_to_do_first(cast: Cast, as_: SignIn) -> None:
    page = shown(as_(cast.secretary).get(reverse("activity-list")))
    assert f'href="{NEW}"' in page
    assert "还没有活动" in page


def test_who_may_not_is_told_so_before_anything_typed_is_judged(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch)
    verb = reverse("activity-withdraw", args=[made.pk])
    for typed in ({}, {"reason": "", "version": "x"}, {"reason": "记重了", "version": 1}):
        refused = as_(cast.inspector).post(verb, typed)
        assert (refused.status_code, "权限" in shown(refused)) == (403, True)
    assert as_(cast.inspector).get(verb).status_code == 403
    assert as_(cast.inspector).post(NEW, {}).status_code == 403
    assert as_(cast.inspector).post("/ledger/kept/", {}).status_code == 403


def test_what_is_wrong_is_not_what_may_not_be(cast: Cast, as_: SignIn) -> None:
    typed = form_of(as_(cast.secretary)) | {"held_on": "2099-01-01"}
    assert as_(cast.secretary).post(NEW, typed).status_code == 422
    made = make_activity(cast.branch, by=cast.officer)
    verb = reverse("activity-verify", args=[made.pk])
    assert as_(cast.officer).post(verb, {"version": 1}).status_code == 403  # his own
