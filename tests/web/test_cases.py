"""流程 on pages: opening, the board, the case, its steps, many at once, who sees what."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from guantong.records import case_facts, clock
from guantong.records.access import Refused
from guantong.records.actions import calls, cases, users
from guantong.records.actions.cases import Entry
from guantong.records.models import (
    Activity,
    Call,
    Case,
    CaseStep,
    Event,
    Membership,
    Person,
    Post,
    User,
)
from tests.factories import TODAY, Cast, make_activity, make_org, make_person, make_user, owner
from tests.web.answers import part, rows, shown
from tests.web.test_members import send

type SignIn = Callable[[User], Client]
HOME, LIST = "/cases/", "/cases/list/"


def board(process: str) -> str:
    return reverse("case-board", args=[process])


def at(case: Case, step: str = "") -> str:
    return reverse("case-step", args=[case.pk, step]) if step else reverse("case", args=[case.pk])


def begun(process: str, cast: Cast, person: Person | None = None, **more: Any) -> Case:
    more = {"org": cast.branch, "on": date(2023, 6, 1), **more}
    return cases.begin(by=None, process=process, person=person, **more)


def walked(case: Case, step: str, on: date, **fields: Any) -> Case:
    entry = Entry(step, on, fields)
    cases.take_step(by=None, case=case, version=case.version, entry=entry)
    case.refresh_from_db()
    return case


def came(case: Case, state: str, *steps: tuple[str, dict[str, Any]]) -> Case:
    """The case as if these steps had led it there on 1 June."""
    for number, (step, fields) in enumerate(steps, 1):
        CaseStep.objects.create(
            case=case, number=number, step=step, source=case.state, target=state,
            on_day=date(2023, 6, 1), at=clock.now(), fields=fields,
        )  # fmt: skip
    Case.objects.filter(pk=case.pk).update(state=state)
    case.refresh_from_db()
    return case


@pytest.fixture
def applicant(cast: Cast) -> Person:
    return make_person("申请人甲", cast.branch, status="applicant", birth_date=date(2000, 1, 1))


def test_from_the_first_step_on_the_pages(cast: Cast, as_: SignIn, applicant: Person) -> None:
    client, new = as_(cast.secretary), reverse("case-new", args=["recruitment"])
    assert "开办" in shown(client.get(HOME))
    label = f"申请人甲（{cast.branch.short_name}）"
    assert send(client, new, person="谁也不是").status_code == 422
    opened = send(client, new, person=label, on="2023-05-10")
    case = Case.objects.get()
    assert opened["Location"] == at(case)
    form = client.get(at(case, "apply"))
    assert "2000-01-01" in shown(form), "what the roll knows is shown, not asked"
    near = case_facts.branches(case, TODAY)
    assert set(near) == {cast.branch, cast.sibling}, "nobody is placed in another college"
    assert "f-birth_date" not in shown(form)
    assert send(client, at(case, "apply"), on="2023-05-10").status_code == 302
    page = shown(client.get(at(case)))
    for told in ("已申请，待谈话", "派人同申请人谈话", "2023-06-10", "已过 5 天", "入党申请书"):
        assert told in page, told
    late = send(client, at(case, "talk"), on="2023-06-12", **{"f-talker": "支书甲"})
    assert late.status_code == 422
    assert "收到申请书后一个月内要谈话" in shown(late)
    why = {"f-talker": "支书甲", "r-talk-within-a-month": "申请人实习"}
    assert send(client, at(case, "talk"), on="2023-06-12", **why).status_code == 302
    assert "申请人实习" in shown(client.get(at(case)))
    send(client, at(case, "recommend"), on="2023-06-13", **{"f-way": "league"})
    assert Membership.objects.get(person=applicant, valid_to=None).status == "activist"
    page = shown(client.get(at(case)))
    assert "同时改了：名册" in page
    assert "上级党组织负责人、组织员" in page, "the next step is for others, and says for whom"
    post = {"on": "2023-06-14", "version": case.version + 3}
    assert client.post(at(case, "file_activist"), post).status_code == 403
    assert f"{at(case)}" in shown(as_(cast.officer).get(LIST, {"state": "waiting"}))
    undone = send(client, reverse("case-undo", args=[case.pk]), reason="点错了")
    assert undone.status_code == 302
    assert Membership.objects.get(person=applicant, valid_to=None).status == "applicant"
    assert "已撤回" in shown(client.get(at(case)))


def test_a_case_begun_on_paper_is_taken_over_from_above_where_the_roll_says(
    cast: Cast, as_: SignIn
) -> None:
    joined = {"joined_on": date(2022, 6, 20), "status": "probationary"}
    person = make_person("预备甲", cast.branch, since=date(2022, 6, 20), **joined)
    at_form, officer = reverse("case-under-way", args=["recruitment"]), as_(cast.officer)
    assert as_(cast.secretary).get(at_form).status_code == 404, "nobody tells his own approval"
    board = reverse("case-board", args=["recruitment"])
    assert at_form not in shown(as_(cast.secretary).get(board))
    assert at_form in shown(officer.get(board, {"org": cast.branch.pk})), "whatever is in view"
    told = {
        "person": "预备甲", "reason": "发展党员材料", "apply": "2020-09-01",
        "recommend": "2021-03-01", "approve": "2022-07-10", "swear": "2022-07-20",
    }  # fmt: skip
    assert "不能早于" in shown(send(officer, at_form, **told | {"swear": "2022-07-01"}))
    assert send(officer, at_form, **told).status_code == 302
    case = Case.objects.get()
    assert (case.state, case.state_since) == ("probation", date(2022, 7, 20))
    assert (case.due_step, case.due_on) == ("review_probation", date(2022, 12, 20))
    assert person.memberships.count() == 1, "the roll is not changed"
    assert (case.opens_step, case.opens_on) == ("request", date(2023, 6, 20)), "probation ends"
    page = shown(as_(cast.secretary).get(at(case)))
    assert "以前办的，据纸质材料登记：发展党员材料" in page
    for there in (page, *(shown(as_(cast.secretary).get(url)) for url in
                          ("/", board, f"{LIST}?state=opens"))):  # fmt: skip
        assert "2023-06-20 起可办" in there
    refused = send(as_(cast.secretary), at(case, "request"), on="2023-06-15")
    assert shown(refused).count("最早 2023年6月20日") == 1, "told once, beside the form"
    early = shown(send(as_(cast.secretary), at(case, "request"), on="2023-06-10"))
    assert "办理日期是 2023年6月10日" in early
    assert "2023年6月15日" not in early, "what stands against today is not told of another day"
    assert "已有一件" in shown(send(officer, at_form, **told))


def test_two_at_once_one_wins_and_the_other_is_told(cast: Cast, as_: SignIn) -> None:
    case = begun("problem", cast, title="记录不全")
    first, second = as_(cast.office), as_(cast.inspector)
    pages = [c.get(at(case, "contest")) for c in (first, second)]
    sent = {"on": "2023-06-15", "f-why": "核实", "version": "1"}
    assert all(page.context["form"]["version"].value() == 1 for page in pages)
    assert first.post(at(case, "contest"), sent).status_code == 302
    told = second.post(at(case, "contest"), sent)
    assert told.status_code == 409
    assert "office刚刚办理了“经核实不是问题”" in shown(told)
    assert case.steps.count() == 1


def test_who_sees_what_and_what_is_only_counted(cast: Cast, as_: SignIn) -> None:
    person = make_person("困难者", cast.branch)
    care, problem = begun("care", cast, person), begun("problem", cast, title="记录不全")
    for user, sees in {
        cast.secretary: {care, problem}, cast.officer: {care, problem}, cast.office: {problem},
        cast.inspector: {problem}, cast.outsider: set(), cast.member: set(),
    }.items():  # fmt: skip
        for case in (care, problem):
            for page in (at(case), at(case, "verify"), reverse("case-hand", args=[case.pk])):
                answer = as_(user).get(page)
                assert (answer.status_code != 404) <= (case in sees), (user, page)
            assert (as_(user).get(at(case)).status_code == 200) is (case in sees), user
    general = make_org("甲总支", "general_branch", cast.college)
    lower = make_org("甲总支一支部", "branch", general)
    below = begun("care", cast, make_person("总支困难者", lower), org=lower)
    sees = {u: as_(u).get(at(below)).status_code == 200 for u in (cast.officer, cast.office)}
    assert sees == {cast.officer: True, cast.office: False}, "who has to decide it sees it"
    counted = shown(as_(cast.office).get(reverse("case-orgs", args=["care"])))
    assert "甲学院党委" in counted
    assert "困难者" not in shown(as_(cast.office).get(board("care"))) + counted
    assert "另有 2 件" in shown(as_(cast.office).get(board("care")))
    walked(care, "verify", TODAY, ground="hardship", agreed=True)
    step = care.steps.get()
    assert (step.fields, bool(step.sealed)) == ({}, True)
    assert "生活困难" in shown(as_(cast.secretary).get(at(care)))
    told = str(list(Event.objects.filter(subject=f"case:{care.pk}").values_list("detail")))
    assert "困难" not in told
    assert str(person.pk) not in told
    for user in (cast.admin, cast.stranger):
        assert as_(user).get(HOME).status_code == 404, user


def test_the_person_sees_the_own_case_and_takes_the_own_steps(cast: Cast, as_: SignIn) -> None:
    me = as_(cast.member)
    sent = {"person": f"党员甲（{cast.branch.short_name}）", "on": "2023-06-15"}
    send(me, reverse("case-new", args=["correction"]), **sent)
    case = Case.objects.get()
    asked = {"f-record": "五月党课", "f-now": "缺席", "f-should_be": "出席"}
    assert send(me, at(case, "ask"), on="2023-06-15", **asked).status_code == 302
    assert "五月党课" in shown(as_(cast.secretary).get("/members/requests/"))
    answer = {"f-seen": "会议记录", "f-told": "yes", "on": "2023-06-15"}
    assert me.post(at(case, "correct"), {**answer, "version": 2}).status_code == 403
    assert send(as_(cast.secretary), at(case, "correct"), **answer).status_code == 302
    assert owner(cast.member).correction_requests.get().accepted
    assert (
        as_(make_user("other", make_person("旁人", cast.branch))).get(at(case)).status_code == 404
    )


def test_a_meeting_deals_with_many_and_each_is_told(cast: Cast, as_: SignIn) -> None:
    made = []
    for n in range(3):
        person = make_person(
            f"申请{n}", cast.branch, status="applicant", birth_date=date(2000, 1, 1)
        )
        case = begun("recruitment", cast, person)
        if n < 2:
            walked(case, "apply", date(2023, 6, 1))
            walked(case, "talk", date(2023, 6, 2), talker=owner(cast.secretary).pk)
        else:
            walked(case, "apply", date(2023, 6, 1))
            walked(case, "talk", date(2023, 6, 14), talker=owner(cast.secretary).pk)
        made.append(case)
    client, bulk = as_(cast.secretary), reverse("case-bulk", args=["recruitment", "recommend"])
    assert bulk in shown(client.get(board("recruitment")))
    assert "申请2" in shown(client.get(bulk))
    sent = {"on": "2023-06-10", "mode": "all", "f-way": "members",
            "case": [c.pk for c in made], **{f"v-{c.pk}": c.version for c in made}}  # fmt: skip
    told = client.post(bulk, sent)
    assert "不能早于上一步" in shown(told)
    assert "这次都没有保存" in shown(told)
    assert not Case.objects.filter(state="chosen").exists()
    some = client.post(bulk, {**sent, "mode": "chosen"})
    assert "办成 2 件，没办成 1 件" in shown(some)
    assert Case.objects.filter(state="chosen").count() == 2
    again = client.post(bulk, {**sent, "mode": "chosen"})
    assert "有 2 件现在不在这一步" in shown(again), (
        "nobody who was chosen is passed over in silence"
    )
    page = as_(cast.officer).post(
        reverse("case-bulk", args=["recruitment", "file_activist"]),
        {"on": "2023-06-15", "mode": "all", "case": [c.pk for c in made[:2]],
         **{f"v-{c.pk}": c.version + 1 for c in made[:2]}},
    )  # fmt: skip
    (paper, address) = page.context["papers"][0]
    assert paper == "积极分子备案报告"
    there = as_(cast.officer).get(address)
    assert there.context["ticked"] == [str(c.pk) for c in made[:2]], "all of them at once"
    assert f"/make/?case={made[0].pk}" in shown(as_(cast.officer).get(at(made[0])))
    assert as_(cast.outsider).get(bulk).status_code == 404


def test_lists_filter_and_export_what_is_shown(cast: Cast, as_: SignIn, applicant: Person) -> None:
    walked(begun("recruitment", cast, applicant, on=date(2023, 5, 1)), "apply", date(2023, 5, 1))
    begun("problem", cast, title="记录不全")
    client = as_(cast.officer)
    assert "申请人甲" in part(client, LIST)
    for query, there in [({"q": "shenqingrenjia"}, 1), ({"process": "problem"}, 1), ({}, 2),
                         ({"state": "overdue"}, 1), ({"state": "closed"}, 0)]:  # fmt: skip
        found = rows(client.get(LIST, {"export": "xlsx", **query}))
        assert len(found) - 1 == there, query
    assert (
        len(client.get(LIST, {"process": "recruitment", "step": "applied"}).context["rows"]) == 1
    )
    week = shown(as_(cast.secretary).get("/"))
    assert "派人同申请人谈话" in week


def test_a_problem_that_comes_back_names_the_time_before(cast: Cast, as_: SignIn) -> None:
    first = begun("problem", cast, title="记录不全")
    walked(first, "contest", date(2023, 6, 2), why="已补")
    client = as_(cast.officer)
    new = reverse("case-new", args=["problem"])
    sent = {"org": cast.branch.pk, "title": "记录又不全", "again_of": first.pk, "on": "2023-06-10"}
    assert send(client, new, **sent).status_code == 302
    again = Case.objects.get(again_of=first)
    assert "这个问题的其他几次" in shown(client.get(at(again)))
    assert at(again) in shown(client.get(at(first)))


def test_a_call_its_places_and_the_self_check(cast: Cast, as_: SignIn) -> None:
    office, secretary = as_(cast.office), as_(cast.secretary)
    sent = {
        "process": "model-branch",
        "org": cast.school.pk,
        "title": "样板支部申报",
        "opens_on": "2023-06-01",
    }
    assert send(office, reverse("call-issue"), **sent).status_code == 302
    page = reverse("call", args=[cast.school.calls.get().pk])
    assert "样板支部申报" in shown(secretary.get(reverse("call-list")))
    assert "申报" in shown(secretary.get(page))
    call = cast.school.calls.get()
    send(
        secretary,
        reverse("case-new", args=["model-branch"]),
        org=cast.branch.pk,
        call=call.pk,
        on="2023-06-10",
    )
    case = Case.objects.get()
    with pytest.raises(Refused, match="已经按“样板支部申报”申报过"):
        begun("model-branch", cast, call=call)
    check = reverse("case-selfcheck", args=[case.pk])
    assert "教育党员" in shown(secretary.get(check))
    secretary.post(check, {"item": "educate", "says": "集中学习四次"})
    assert "集中学习四次" in shown(as_(cast.officer).get(check))
    short = {"on": "2023-06-15", "f-trouble_free": "yes", "f-items": "7"}
    told = shown(send(secretary, at(case, "apply"), **short))
    assert "七个方面都要在自查表上逐项自查（已自查的建设项目数 1，" in told, "counted, not typed"
    Call.objects.filter(pk=call.pk).update(closes_on=date(2023, 6, 12))
    early = send(secretary, at(case, "apply"), **short | {"on": "2023-05-31"})
    assert "从 2023-06-01 开始，办理日期不能更早" in shown(early)
    late = shown(secretary.get(reverse("case-new", args=["model-branch"])))
    assert "样板支部申报（2023-06-01 至 2023-06-12）" in late, "recorded late, with its day"


def test_a_work_is_handed_in_once_and_published_to_all_who_see_the_notice(
    cast: Cast, as_: SignIn
) -> None:
    call = calls.issue(
        by=cast.office, process="submission", org=cast.school, title="征集", opens_on=TODAY
    )
    work = begun("submission", cast, call=call, title="一堂微党课", on=TODAY)
    with pytest.raises(Refused, match="申报过“一堂微党课”"):
        begun("submission", cast, call=call, title="一堂微党课 ", on=TODAY)
    page, outsider = reverse("call", args=[call.pk]), as_(cast.outsider)
    assert "一堂微党课" not in shown(outsider.get(page)), "handed in, not public"
    came(work, "published")
    assert "一堂微党课" in shown(outsider.get(page))
    Call.objects.filter(pk=call.pk).update(opens_on=date(2023, 6, 16))
    assert f"?call={call.pk}" not in outsider.get(page).content.decode(), "not begun"


def test_what_was_done_in_time_is_recorded_late_with_its_day(
    cast: Cast, as_: SignIn, applicant: Person
) -> None:
    case = begun("recruitment", cast, applicant)
    came(case, "interviewed", ("accept", {}), ("interview", {}))
    officer = as_(cast.officer)
    assert "按当时的日期补录" not in shown(officer.get(at(case)))
    case.steps.update(on_day=date(2022, 10, 1))
    page = shown(officer.get(at(case)))
    assert "今天才办已经太晚：特殊情况也不能超过六个月" in page
    assert "按当时的日期补录" in page


def test_the_year_s_number_is_handed_down_and_bounds_the_clearing(cast: Cast, as_: SignIn) -> None:
    office = as_(cast.office)
    at_quotas = reverse("quotas")
    send(office, f"{at_quotas}?year=2023", **{f"n-{cast.college.pk}": "3"})
    assert 'value="3"' in shown(office.get(at_quotas, {"year": "2023"}))
    blind = {f"n-{cast.college.pk}": "5", f"was-{cast.college.pk}": "2"}
    answer = office.post(f"{at_quotas}?year=2023", blind, follow=True)
    assert "刚刚有人改过，现在是：3" in shown(answer)
    more = {f"n-{cast.branch.pk}": "9"}
    told = as_(cast.officer).post(f"{at_quotas}?year=2023", more, follow=True)
    assert "下达合计 9 人，比上级下达的 3 人多 6 人" in shown(told)
    assert calls.Quota.objects.filter(org=cast.branch).get().number == 9
    assert as_(cast.secretary).post(f"{at_quotas}?year=2023", {}).status_code == 403
    assert calls.Quota.objects.count() == 2


def test_ballots_and_a_tally_sheet_are_printed_and_no_name_is_kept(
    cast: Cast, as_: SignIn
) -> None:
    case, client = begun("election", cast), as_(cast.secretary)
    before = Event.objects.count()
    sent = {"title": "支委会选举", "names": "王样例\n李样例", "seats": "1", "copies": "3"}
    text = shown(client.post(reverse("case-ballot", args=[case.pk]), sent))
    assert text.count("支委会选举选票") == 3
    assert "计票报告单" in text
    assert Event.objects.count() == before
    for more, says in {"3": "少于应选名额 3 名", "1": "批复的候选人是 4 名"}.items():
        if more == "1":
            came(case, "candidates_approved", ("file_candidates", {"seats": 3, "candidates": 4}))
        told = client.post(reverse("case-ballot", args=[case.pk]), sent | {"seats": more})
        assert (told.status_code, says in shown(told)) == (422, True)


def test_whom_the_tally_elected_is_proposed_and_takes_office_once_confirmed(
    cast: Cast, as_: SignIn
) -> None:
    case, client = begun("election", cast), as_(cast.secretary)
    votes = [{"name": name, "yes": 3, "no": 0, "abstain": 0, "elected": True, "written_in": False}
             for name in ("支书甲", "党员甲", "没有此人")]  # fmt: skip
    chosen = {"secretary": owner(cast.secretary).pk}
    came(case, "approved", ("hold", {"votes": votes}), ("constitute", chosen))
    page = client.get(at(case, "hand_over"))
    assert page.context["form"]["a-members"].value() == "党员甲\n没有此人"
    assert "a-secretary" not in page.context["form"].fields, "the committee has chosen"
    sent = {"on": "2023-06-15", "a-members": "党员甲\n没有此人"}
    refused = send(client, at(case, "hand_over"), **sent)
    assert "名册里没有找到“没有此人”" in shown(refused)
    assert not Post.objects.filter(org=cast.branch, post="committee_member").exists()
    for listed, says in {"党员甲": "选出 3 名，就任的是 2 名", "党员甲\n党员甲": "党员甲写了两次",
                         "党员甲\n支书甲": "支书甲已是书记或副书记"}.items():  # fmt: skip
        assert says in shown(send(client, at(case, "hand_over"), **sent | {"a-members": listed}))
    tally = case.steps.get(step="hold")
    CaseStep.objects.filter(pk=tally.pk).update(fields={"votes": votes[:2]})
    assert send(client, at(case, "hand_over"), **sent | {"a-members": "党员甲"}).status_code == 302
    seated = Post.objects.get(org=cast.branch, post="committee_member")
    assert (seated.person, seated.valid_from) == (owner(cast.member), date(2023, 6, 15))
    again = begun("election", cast)
    came(again, "held", ("hold", {"votes": [{**votes[1]}]}))
    chosen = {"on": "2023-06-15", "f-secretary": "支书甲"}
    assert "没有找到" in shown(send(client, at(again, "constitute"), **chosen)), "not elected"
    chosen["f-secretary"] = "党员甲"
    assert send(client, at(again, "constitute"), **chosen).status_code == 302
    Case.objects.filter(pk=again.pk).update(state="approved")
    left = send(client, at(again, "hand_over"), on="2023-06-15")
    assert left["Location"] == "/", "who is out of office by his own step is not led to a 404"
    assert as_(cast.office).get(at(again)).context["undo"] == "", "what would be refused anyway"


def test_an_election_held_anew_needs_its_own_committee_meeting(cast: Cast, as_: SignIn) -> None:
    case, client = begun("election", cast), as_(cast.secretary)
    filed = {"seats": 3, "candidates": 4}
    came(case, "held", ("file_candidates", filed), ("hold", {}), ("constitute", {}))
    again = case.steps.get(step="hold")
    CaseStep.objects.create(
        case=case, number=4, step="hold", source="held", target="held",
        on_day=date(2023, 6, 10), at=again.at,
    )  # fmt: skip
    refused = shown(send(client, at(case, "report"), on="2023-06-12"))
    assert "先由委员会会议选书记、副书记，再上报（最早 2023年6月10日" in refused


def test_a_by_election_fills_what_is_vacant_and_leaves_the_others_in_office(cast: Cast) -> None:
    case = begun("election", cast)
    vote = {"name": "党员甲", "yes": 3, "no": 0, "abstain": 0, "elected": True}
    filed = ("file_candidates", {"seats": 1})
    tally = ("hold", {"votes": [{**vote, "written_in": False}]})
    came(case, "approved", ("ask_by_election", {"vacancies": 1}), filed, tally)
    may_lead = case_facts.nameable(case, date(2023, 6, 15), "constitute")
    assert {one.name for one in may_lead} == {"支书甲", "党员甲"}
    for members, refused in (("", "就任的是 0 名"), (case_facts.elected(case), "")):
        entry = Entry("hand_over", date(2023, 6, 15), asked={"members": members})
        with pytest.raises(Refused, match=refused) if refused else nullcontext():
            cases.take_step(by=None, case=case, version=case.version, entry=entry)
    there = Post.objects.on(date(2023, 6, 15)).filter(org=cast.branch)
    assert set(there.values_list("person__name", "post")) == {
        ("支书甲", "secretary"), ("党员甲", "committee_member")
    }  # fmt: skip


def test_a_drill_and_an_appraisal_are_activities_too(cast: Cast, as_: SignIn) -> None:
    case = begun("drill", cast, title="消防疏散")
    came(case, "planned", ("plan", {"planned_for": "2023-06-14", "scene": "二楼起火"}))
    assert send(as_(cast.secretary), at(case, "hold"), on="2023-06-14").status_code == 302
    drill = Activity.objects.get(kind="drill")
    assert (drill.title, drill.held_on) == ("消防疏散", date(2023, 6, 14))
    undone = {"reason": "日期错了"}
    assert (
        send(as_(cast.secretary), reverse("case-undo", args=[case.pk]), **undone).status_code
        == 302
    )
    assert not Activity.objects.held().filter(kind="drill").exists()
    judged = came(begun("appraisal", cast), "studied")
    told = {"f-present": "1", "f-self_done": "1"}
    answer = send(as_(cast.secretary), at(judged, "hold"), on="2023-06-14", **told)
    assert "请先在“活动”里记录这次民主评议党员" in shown(answer)
    assert "/activities/new/?kind=appraisal" in shown(as_(cast.secretary).get(at(judged, "hold")))
    half = send(as_(cast.secretary), at(judged, "hold"), **told | {"f-self_done": "1.5"})
    assert "请填整数" in shown(half)
    make_activity(judged.org, kind="appraisal", held_on=TODAY)
    early = send(as_(cast.secretary), at(judged, "hold"), on="2023-06-14", **{"f-self_done": "1"})
    assert "f-present" in early.context["form"].errors, (
        "known today, not on the day that was typed"
    )


def test_local_practice_holds_for_cases_opened_from_then_on(cast: Cast, as_: SignIn) -> None:
    old = begun("election", cast)
    office, page = as_(cast.office), reverse("case-variants", args=["election"])
    both = {"variants": ["majority-of-expected", "majority-of-present"], "reason": "校发"}
    assert "只能用一种" in shown(send(office, page, **both))
    assert (
        send(office, page, variants=["majority-of-present"], reason="校发 1 号").status_code == 302
    )
    new = begun("election", cast, org=cast.sibling)
    assert "majority-of-expected" in old.variants
    assert new.variants == ["majority-of-present"]
    late = send(office, page, variants=["request-a-month-early"], reason="校发 2 号", seen="")
    assert late.status_code == 409, "decided on a page opened before the other decision"
    assert "刚刚改为：当选须超过实到会有选举权人数的一半。依据：校发 1 号" in shown(late)
    seen = late.context["form"]["seen"].value()
    again = send(office, page, variants=["request-a-month-early"], reason="校发 2 号", seen=seen)
    assert again.status_code == 302, "having seen it, one may decide"
    assert as_(cast.officer).get(page).status_code == 403


def test_an_account_that_is_named_sees_that_case_alone(cast: Cast, as_: SignIn) -> None:
    case = begun("livelihood-project", cast, title="修路灯")
    other = begun("livelihood-project", cast, title="装空调")
    secretary = as_(cast.secretary)
    hand = reverse("case-hand", args=[case.pk])
    assert send(secretary, hand, actor="served", username="nobody").status_code == 422
    assert send(secretary, hand, actor="served", username="stranger").status_code == 302
    stranger = as_(cast.stranger)
    assert stranger.get(at(case)).status_code == 200
    assert stranger.get(at(other)).status_code == 404
    assert "修路灯" in shown(stranger.get(LIST))
    users.disable(by=None, user=cast.stranger)
