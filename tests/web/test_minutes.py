"""The record form beyond people: a school's own kind, votes by the roster, drafts, the other side
of a joint activity, two people at one record; and the list of what meetings left to do."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.conf import settings as django
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from guantong.records.actions import activities, ledger, relations
from guantong.records.drafts import Attended
from guantong.records.meetings import Task
from guantong.records.models import Activity, Entry, FollowUp, UnfinishedForm, User
from tests.factories import TODAY, Cast, appoint, make_activity, make_person, owner
from tests.web.answers import part, rows, shown
from tests.web.record_form import NEW, fields, form_of, there

type SignIn = Callable[[User], Client]
OWN_KIND = """
  night_reading:
    title: 夜读会
    hosts: [branch]
    study: true
    basis: {instrument: zhibu-2018, article: "16"}
    own:
      book:
        title: 书名
        type: text
        required: true
        basis: {instrument: zhibu-2018, article: "16", confidence: B}
      pages: {title: 页数, type: number}
      leads: {title: 领读人, type: people}
      aloud: {title: 是否朗读, type: yes_no}
      next_on: {title: 下次, type: day}
      mood: {title: 形式, type: choice, options: {indoor: 室内, outdoor: 室外}}
      lent_by: {title: 借自, type: org}
"""


def test_a_school_adds_a_kind_with_fields_and_records_it_without_code(
    cast: Cast, as_: SignIn, settings: Settings, tmp_path: Path
) -> None:
    folder = shutil.copytree(django.CATALOGUE_DIR, tmp_path / "catalogue")
    kinds = (folder / "kinds.yaml").read_text(encoding="utf-8")
    added = kinds.replace("activities:\n", f"activities:{OWN_KIND}", 1)
    (folder / "kinds.yaml").write_text(added, encoding="utf-8")
    settings.CATALOGUE_DIR = folder
    client, me = as_(cast.secretary), owner(cast.secretary).pk
    address = f"{NEW}?kind=night_reading"
    typed = form_of(client, address)
    assert client.post(address, typed).status_code == 422  # the book is wanted
    client.post(
        address,
        typed
        | {"own-book": "红星照耀", "own-pages": "30", "own-leads": [me], "own-aloud": "no"}
        | {"own-next_on": "2023-07-01", "own-mood": "outdoor", "own-lent_by": cast.branch.pk},
    )
    page = shown(client.get(reverse("activity", args=[Activity.objects.get().pk])))
    for said in ("红星照耀", "30", "支书甲", "否", "2023-07-01", "室外", cast.branch.short_name):
        assert f"{said}</dd>" in page
    edit = reverse("activity-edit", args=[Activity.objects.get().pk])
    client.post(edit, fields(client.get(edit)))
    assert Activity.objects.get().version == 1  # came back unchanged from its form


def test_counts_left_blank_are_the_roster_s_and_impossible_ones_are_shown(
    cast: Cast, as_: SignIn
) -> None:
    client = as_(cast.secretary)
    address = f"{NEW}?kind=branch_assembly"
    typed = form_of(client, address) | {"agenda-0-title": "经费", "agenda-0-major": "money"}
    answer = client.post(address, typed | {"agenda-0-in_favour": "1"})
    assert (answer.status_code, "少 1" in shown(answer)) == (422, True)
    assert 'value="经费"' in shown(answer)
    three = {"agenda-0-expected": "3", "agenda-0-present": "3"}
    answer = client.post(address, typed | three | {"agenda-0-in_favour": "2"})
    assert "实到 3 多于本页列出的出席 2" in shown(answer)
    more = {"agenda-0-expected": "3", "agenda-0-in_favour": "2"}
    assert "应到 3 多于本页名册的 2" in shown(client.post(address, typed | more))
    client.post(address, typed | {"agenda-0-in_favour": "2", "tasks-0-what": "公示"})
    made = Activity.objects.get()
    page = shown(client.get(reverse("activity", args=[made.pk])))
    assert "应到 2 实到 2 有表决权 2 赞成 2 反对 0 弃权 0" in page
    assert "达到法定人数" in page
    assert "✓ 通过" in page
    edit = reverse("activity-edit", args=[made.pk])
    back = client.get(edit)
    client.post(edit, fields(back) | back.context["form"].rows.posted)
    made.refresh_from_db()
    assert made.version == 1


def test_the_school_decides_on_a_quorum_that_is_only_local_practice(
    cast: Cast, as_: SignIn
) -> None:
    def held(day: date, came: int) -> str:
        there = tuple(Attended(person.pk) for person in officers[:came])
        made = make_activity(
            cast.college,
            kind="committee_meeting",
            hours=None,
            held_on=day,
            title=f"{day} {came}",
            attended=there,
        )
        return shown(as_(cast.officer).get(reverse("activity", args=[made.pk])))

    officers = [make_person(f"委员{n}", cast.branch) for n in range(4)]
    for person in officers:
        appoint(person, cast.college, "committee_member")  # five with the organiser
    address = reverse("reading", args=["quorum.committee_meeting"])
    page = shown(as_(cast.secretary).get(reverse("readings")))
    assert "党委会要多少人到会" in page
    assert address not in page
    assert as_(cast.officer).get(address).status_code == 404
    office = as_(cast.office)
    assert office.get(reverse("reading", args=["quorum.branch_assembly"])).status_code == 404
    assert ">达到法定人数" in held(TODAY, 3)
    said = {
        "option": "two_thirds",
        "decided_by": "党委会",
        "decided_on": "2023-06-10",
        "why": "校规",
    }
    assert office.post(address, {**said, "option": "x"}).status_code == 422
    assert office.post(address, said).status_code == 302
    assert "党委会，2023-06-10 决定。校规" in shown(as_(cast.secretary).get(reverse("readings")))
    page = held(date(2023, 6, 12), 3)
    assert "没有达到法定人数" in page
    assert "委员会成员到会须达到3分之2：党委会 2023-06-10 决定，校规" in page
    assert ">达到法定人数" in held(date(2023, 6, 12), 4)
    assert ">达到法定人数" in held(date(2023, 6, 9), 3), "the rule of its day"
    office.post(address, {**said, "option": "unjudged", "decided_on": "2023-06-13"})
    earlier = office.post(address, {**said, "decided_on": "2023-06-01"}, follow=True)
    assert "只管 2023-06-01 至 2023-06-09 的会议：2023-06-10 起是 党委会 后来的决定" in shown(
        earlier
    )
    assert "法定人数" not in held(date(2023, 6, 14), 1)


def test_an_assembly_without_its_quorum_says_how_the_school_reads_that(
    cast: Cast, as_: SignIn
) -> None:
    few = (Attended(owner(cast.secretary).pk),)
    made = make_activity(cast.branch, kind="branch_assembly", hours=None, attended=few)
    ledger.rebuild()
    entry = Entry.objects.get(
        obligation="branch-assembly", org=cast.branch, period_start=date(2023, 4, 1)
    )
    pages = [reverse("activity", args=[made.pk]), reverse("cell", args=[entry.pk])]
    for page in pages:
        told = shown(as_(cast.secretary).get(page))
        assert "没有达到法定人数" in told
        assert "算召开过，但表决无效" in told
        assert '<span class="tag">待核对</span>' in told
    register = reverse("reading", args=["R-20"])
    said = {"option": "quorate", "decided_by": "党委会", "decided_on": TODAY, "why": "从严"}
    assert as_(cast.office).post(register, said).status_code == 302
    first, second = (shown(as_(cast.secretary).get(page)) for page in pages)
    assert "没有计入：到会没有达到法定人数。按口径 R-20" in first
    assert "要求到会达到法定人数" in second


def test_a_talk_is_saved_from_its_pairs_and_comes_back_unchanged(cast: Cast, as_: SignIn) -> None:
    client, address = as_(cast.secretary), f"{NEW}?kind=talk"
    me, other = (str(owner(user).pk) for user in (cast.secretary, cast.member))
    typed = form_of(client, address)
    assert "每一对要选两个人" in shown(client.post(address, typed | {"pairs-0-one": me}))
    client.post(address, typed | {"pairs-0-one": me, "pairs-0-other": other})
    made = Activity.objects.get()
    assert there(made) == {"支书甲": "attendee", "党员甲": "attendee"}
    page = shown(client.get(reverse("activity", args=[made.pk])))
    assert "支书甲 — 党员甲</dd>" in page
    edit = reverse("activity-edit", args=[made.pk])
    back = client.get(edit)
    client.post(edit, fields(back) | back.context["form"].rows.posted)
    made.refresh_from_db()
    assert made.version == 1


def test_what_was_typed_is_kept_for_its_owner_alone_until_it_is_saved(
    cast: Cast, as_: SignIn
) -> None:
    client = as_(cast.secretary)
    typed = form_of(client) | {"title": "写了一半", "absent": [owner(cast.member).pk]}
    assert client.post(NEW, typed | {"keep": "quiet"}).status_code == 204
    assert 'id="kept"' in shown(client.get(NEW))
    other = as_(cast.officer)
    assert 'id="kept"' not in shown(other.get(f"{NEW}?org={cast.branch.pk}"))
    assert "写了一半" not in shown(other.get(f"{NEW}?org={cast.branch.pk}&resume=1"))
    resumed = client.get(f"{NEW}?resume=1")
    assert fields(resumed)["absent"] == [owner(cast.member).pk]
    client.post(f"{NEW}?resume=1", fields(resumed))
    assert Activity.objects.get().title == "写了一半"
    assert not UnfinishedForm.objects.exists()
    client.post(NEW, typed | {"keep": "1"})
    client.post(NEW, {"discard": "1"})
    assert not UnfinishedForm.objects.exists()
    assert as_(cast.member).post(NEW, {"keep": "1"}).status_code in (403, 404)


def test_the_other_side_is_asked_and_names_only_its_own(cast: Cast, as_: SignIn) -> None:
    client, address = as_(cast.secretary), f"{NEW}?kind=joint_activity"
    assert "登记支部结对共建" in shown(client.get(address))
    relations.record(
        by=None, kind="pairing", org=cast.branch, other_org=cast.other_branch,
        valid_from=date(2023, 1, 1),
    )  # fmt: skip
    relations.record(by=None, kind="pairing", org=cast.branch, partner="某社区党支部",
                     valid_from=date(2023, 1, 1))  # fmt: skip
    page = client.get(address)
    assert '<option value="某社区党支部">' in shown(page)
    assert "登记支部结对共建" not in shown(page)
    assert "支书乙" not in shown(page)
    client.post(address, fields(page) | {"sides": [cast.other_branch.pk], "outside": "某社区"})
    ours = Activity.objects.get()
    theirs = as_(cast.outsider)
    ask = f"{NEW}?org={cast.other_branch.pk}&amp;side={ours.sides.get().pk}"
    assert ask in shown(theirs.get("/"))
    form = theirs.get(ask.replace("&amp;", "&"))
    assert "支书甲" not in shown(form)
    theirs.post(ask.replace("&amp;", "&"), fields(form))
    answer = Activity.objects.exclude(pk=ours.pk).get()
    assert (answer.kind, answer.outside) == ("joint_activity", "某社区")
    assert there(answer) == {"支书乙": "attendee"}
    assert ask not in shown(theirs.get("/"))
    again = theirs.get(ask.replace("&amp;", "&"))  # answered: the link leads to the record
    assert again["Location"] == reverse("activity", args=[answer.pk])
    assert f"{cast.branch.name}：已登记" in shown(theirs.get(again["Location"]))
    page = reverse("activity", args=[ours.pk])
    assert "已登记本支部人员" in shown(client.get(page))
    activities.withdraw(by=cast.outsider, activity=answer, version=1, reason="没有去")
    assert "撤销了登记" in shown(client.get(page))
    assert ask in shown(theirs.get("/"))  # or the other side takes them off
    edit = reverse("activity-edit", args=[ours.pk])
    off = {**fields(client.get(edit)), "sides": []}
    assert client.post(edit, off).status_code == 302
    assert not ours.sides.exists()


def test_a_second_editor_sees_field_by_field_and_loses_nothing(cast: Cast, as_: SignIn) -> None:
    made = make_activity(cast.branch, by=cast.secretary, place="旧地点")
    edit, mine, other = (
        reverse("activity-edit", args=[made.pk]),
        as_(cast.secretary),
        as_(cast.officer),
    )
    opened = fields(mine.get(edit))
    other.post(edit, fields(other.get(edit)) | {"place": "新地点", "title": "对方的"})
    answer = mine.post(edit, opened | {"title": "我的", "summary": "一句"})
    assert answer.status_code == 409
    merged = fields(answer)
    assert (merged["place"], merged["title"], merged["summary"]) == ("新地点", "我的", "一句")
    assert "对方的</td>" in shown(answer)
    mine.post(edit, merged)
    made.refresh_from_db()
    assert (made.place, made.title, made.summary) == ("新地点", "我的", "一句")


def test_what_meetings_left_to_do_is_listed_in_reach_only(cast: Cast, as_: SignIn) -> None:
    late = Task("早该办的", owner(cast.member).pk, date(2023, 6, 14))
    make_activity(
        cast.branch, kind="branch_assembly", hours=None, follow_ups=(late, Task("还没定"))
    )
    address = reverse("follow-ups")
    client = as_(cast.officer)
    assert "早该办的" in part(client, f"{address}?state=late")
    assert "还没定" not in shown(client.get(f"{address}?state=late"))
    assert [row[0] for row in rows(client.get(f"{address}?export=xlsx"))][1:] == [
        "早该办的",
        "还没定",
    ]
    mine = as_(cast.member)
    assert ("早该办的" in shown(mine.get(address)), "还没定" in shown(mine.get(address))) == (
        True,
        False,
    )
    close = reverse("follow-up-close", args=[FollowUp.objects.get(what="早该办的").pk])
    assert as_(cast.outsider).get(close).status_code == 404
    mine.post(close, {"on": "2023-06-15", "result": "办好了"})
    assert "早该办的" not in shown(client.get(address))
    assert "会议定下的落实事项" in shown(as_(cast.secretary).get("/"))
