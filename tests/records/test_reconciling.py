"""Another system's list against the roll: differences with their cause, decided once."""

from datetime import date
from typing import Any

import pytest

from guantong.records import access, sealing
from guantong.records.actions import memberships, people, reconciling
from guantong.records.models import Discrepancy, Event, Reconciliation, User
from tests.factories import TODAY, Cast, make_person
from tests.records.conftest import refused
from tests.records.spreadsheets import A1, A2, B1, an_id, records, roll

pytestmark = pytest.mark.django_db
EXPORTED = date(2023, 5, 1)
LEFT_ALONE = ({"name": "支书甲"}, {"name": "党员甲"})


def load(*rows: dict[str, Any], by: User | None = None, on: date = EXPORTED) -> Reconciliation:
    found = roll(*rows, *LEFT_ALONE).rows
    export = reconciling.Export("national", "导出.xlsx", on, found)
    reconciling.compare(by=by, export=export)
    return Reconciliation.objects.latest("pk")


def differences(state: str = "open") -> dict[tuple[str, str], Discrepancy]:
    return {(one.named, one.field): one for one in Discrepancy.objects.filter(state=state)}


def test_each_difference_says_what_it_may_come_from(cast: Cast) -> None:
    facts = {"id_number": an_id(1), "joined_on": date(2020, 9, 1)}
    make_person("曾样", cast.branch, **facts)
    moved = make_person("移样", cast.branch, id_number=an_id(2))
    memberships.transfer_within(by=None, person=moved, to=cast.sibling, on=date(2023, 6, 1))
    gone = make_person("离样", cast.branch, id_number=an_id(3))
    memberships.leave(by=None, person=gone, on=date(2023, 3, 1), reason="转出")
    make_person("新样", cast.branch, since=date(2023, 6, 2))
    came = make_person("来样", cast.sibling)
    memberships.transfer_within(by=None, person=came, to=cast.branch, on=date(2023, 6, 1))
    made = make_person("正样", cast.branch, status="probationary", joined_on=date(2022, 5, 20))
    memberships.become_full(by=None, person=made, on=date(2023, 5, 25))
    dated = {"joined_on": date(2020, 9, 1), "full_member_on": date(2021, 9, 3)}
    make_person("迟样", cast.branch, number="N7", **dated)
    make_person("日样", cast.branch, number="N9", full_member_on=date(2021, 9, 3))
    make_person("换样", cast.branch, number="N8", **dated)
    make_person("生样", cast.branch, id_number=an_id(9), birth_date=date(1990, 1, 1))
    late = make_person("补样", cast.branch, id_number=an_id(4))
    people.correct(by=None, person=late, phone="13800000001")
    before = records()
    before.pop("Discrepancy"), before.pop("Reconciliation")
    load(
        {"name": "增样", "id_number": an_id(1), "joined_on": date(2020, 9, 15)},
        {"name": "移样", "id_number": an_id(2)},
        {"name": "离样", "id_number": an_id(3)},
        {"name": "补样", "id_number": an_id(4), "phone": "13800000002"},
        {"name": "外样", "id_number": an_id(5)},
        {"name": "补样", "id_number": an_id(4), "phone": "13800000002"},
        {"name": "外样", "id_number": an_id(5)},
        {"name": "迟样", "number": "N7", "full_member_on": date(2020, 9, 1)},
        {"name": "日样", "number": "N9", "full_member_on": date(2021, 9, 8)},
        {"name": "换样", "number": "N8", "joined_on": date(2021, 9, 3),
         "full_member_on": date(2020, 9, 1)},
        {"name": "生样", "id_number": an_id(9), "birth_date": date(1990, 1, 11)},
    )  # fmt: skip
    after = records()
    after.pop("Discrepancy"), after.pop("Reconciliation")
    assert after == before, "comparing changes no record"
    told = {key: one.cause for key, one in differences().items()}
    assert "同音" in told.pop(("曾样", "name"))
    assert "同年同月" in told.pop(("曾样", "joined_on"))
    assert told.pop(("移样", "org")) == "我方 2023-06-01 已由该支部转出，晚于对方导出日 2023-05-01"
    assert "我方已办离开" in told.pop(("离样", "presence"))
    assert "2023-06-02 才进入我方名册" in told.pop(("新样", "presence"))
    phone = told.pop(("补样", "phone"))
    assert "我方 2023-06-15 才登记" in phone
    assert "只差 1 位" in phone
    assert "我方漏登" in told.pop(("外样", "presence"))
    assert "2023-06-01 才转入这个支部" in told.pop(("来样", "presence"))
    assert "对方漏登" in told.pop(("正样", "presence"))
    assert told.pop(("迟样", "full_member_on")) == "对方写的是我方登记的入党时间"
    assert "只差日" in told.pop(("日样", "full_member_on"))
    swapped = {told.pop(("换样", name)) for name in ("joined_on", "full_member_on")}
    assert swapped == {"两边的入党时间和转正时间对调", "两边的转正时间和入党时间对调"}
    born = told.pop(("生样", "birth_date"))
    assert born == "对方的与身份证号里的不一致；同年同月，可能一方只登记到月"
    assert not told
    unread = dict(Reconciliation.objects.latest("pk").unread).values()
    assert ["是同一个人" in why for why in unread] == [True, True], "twice in their list"
    assert "13800000002" not in repr(list(Discrepancy.objects.values_list()))
    assert an_id(5) not in repr(list(Discrepancy.objects.values_list()))


def test_what_is_decided_stays_decided_until_a_side_changes(cast: Cast) -> None:
    person = make_person("王样", cast.branch, number="N1", gender="1")
    row = {"name": "王样", "number": "N1", "gender": "2"}
    load(row)
    (one,) = differences().values()
    reconciling.decide(by=cast.officer, differences=[one], decision="ours")
    load(row)
    assert not differences()
    people.correct(by=None, person=person, gender="9")
    load(row)
    assert "上次定为“我方为准”，之后有变动" in differences()["王样", "gender"].cause
    load({**row, "gender": "9"})
    assert list(differences("gone")) == [("王样", "gender")]
    with refused("已经一致"):
        reconciling.decide(by=cast.officer, differences=[one], decision="later", note="等")
    load(row)
    assert list(differences()) == [("王样", "gender")], "apart again: open again"


def test_theirs_is_written_by_the_usual_actions(cast: Cast) -> None:
    person = make_person("王样", cast.branch, number="N1", status="probationary",
                         phone="13800000001", joined_on=date(2021, 5, 1))  # fmt: skip
    row = {"name": "王样", "number": "N1", "org": A2, "phone": "13800000002",
           "joined_on": date(2021, 4, 1), "id_number": an_id(7)}  # fmt: skip
    load({**row, "status": "full"}, {"name": "支书甲"})
    found = [one for key, one in differences().items() if key[0] == "王样"]
    reconciling.decide(by=cast.officer, differences=found, decision="theirs", on=TODAY)
    person.refresh_from_db()
    span = person.memberships.get(valid_to=None)
    assert (span.org, span.status, span.valid_from) == (cast.sibling, "full", TODAY)
    assert (person.joined_on, person.full_member_on) == (date(2021, 4, 1), TODAY)
    assert sealing.unseal(person, "phone") == "13800000002"
    assert sealing.unseal(person, "id_number") == an_id(7)
    load({"name": "外样", "number": "N9"})
    with refused("党员页办理"):
        reconciling.decide(
            by=cast.officer, differences=[differences()["外样", "presence"]], decision="theirs"
        )


def test_only_who_keeps_the_roll_there_compares_decides_and_hands_out(cast: Cast) -> None:
    make_person("王样", cast.branch, number="N1", gender="1", id_number=an_id(1))
    make_person("乙样", cast.other_branch, number="N2", gender="1")
    rows = ({"name": "王样", "number": "N1", "gender": "2"},
            {"name": "乙样", "number": "N2", "gender": "2", "org": B1})  # fmt: skip
    for name, user in cast.everyone().items():
        if name not in ("officer", "office"):
            with refused("与全国、省党员系统比对"):
                load(*rows, by=user)
    run = load(*rows, by=cast.officer)
    assert [line for line, _ in run.unread] == [3], "the other college is as unknown as none"
    assert not Discrepancy.objects.filter(named="乙样").exists()
    load(*rows, by=cast.office)
    other = differences()["乙样", "gender"]
    own = differences()["王样", "gender"]
    assert other not in access.discrepancies(cast.officer)
    with refused("您没有对该党组织"):
        reconciling.decide(by=cast.officer, differences=[other], decision="ours")
    with refused("请写明等什么"):
        reconciling.decide(by=cast.officer, differences=[own], decision="later")
    with refused("还没有定为"):
        reconciling.hand_out(by=cast.officer, differences=[own], reason="报组织部")
    reconciling.decide(by=cast.officer, differences=[own], decision="ours")
    own.refresh_from_db()
    ((person, clear, items),) = reconciling.hand_out(
        by=cast.officer, differences=[own], reason="报组织部"
    )
    assert (person.name, clear["id_number"], items) == ("王样", an_id(1), ["性别"])
    assert Event.objects.filter(verb="person.revealed", subject=f"person:{person.pk}").exists()
    assert person.memberships.get().org.name == A1
