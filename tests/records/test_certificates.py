"""Certificates of hours: the ledger's figures, signed; from elsewhere only what is genuine."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guantong.records import certificates, hours
from guantong.records.actions import certificates as actions
from guantong.records.actions import ledger, readings
from guantong.records.models import Activity, Entry, HoursCertificate, Person, TrustedIssuer
from guantong.trust import notes
from tests.factories import TODAY, Cast, make_activity, make_person, owner
from tests.records.conftest import one_event, refused

THEIRS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def trusted(cast: Cast) -> TrustedIssuer:
    key = notes.public(THEIRS)
    return actions.trust(by=cast.office, name="外地大学", key=key, checked="电话核对指纹")


def note(**more: Any) -> dict[str, Any]:
    demand = {"title": "党员年度学习学时", "required": "24", "actual": "26", "unit": "学时",
              "verdict": "met"}  # fmt: skip
    line = {"held_on": "2023-03-01", "kind": "集中培训", "role": "参加", "hours": "26", "late": ""}
    content = {
        "format": "guantong hours 1", "serial": "s-1", "school": "外地大学", "branch": "外地支部",
        "name": "党员甲", "year": 2023, "issued_on": "2023-06-01", "valid_until": "2024-06-01",
        "demands": [demand], "lines": [line],
    }  # fmt: skip
    return {**content, **more}


def theirs(**more: Any) -> bytes:
    return notes.sign(note(**more), THEIRS)


def test_a_certificate_says_what_the_ledger_and_its_explanation_say(cast: Cast) -> None:
    me = owner(cast.member)
    make_activity(cast.branch, kind="central_training", hours=Decimal("2.5"))
    make_activity(cast.branch, kind="branch_assembly", hours=None)
    make_activity(cast.branch, held_on=date(2023, 4, 1), late_reason="系统未开通")
    ledger.rebuild()
    with one_event("certificate.issued"):
        row = actions.issue(by=cast.member, person=me, year=2023)
    with refused("2023-06-15 已签发过内容相同的 2023 年学时证明"):
        actions.issue(by=cast.member, person=me, year=2023)
    said, _ = notes.opened(json.dumps(row.content).encode(), {row.content["key"]})
    entry = Entry.objects.get(
        person=me, obligation="member-study-hours", period_start=date(2023, 1, 1)
    )
    demand = said["demands"][0]
    assert (Decimal(demand["required"]), Decimal(demand["actual"]), demand["verdict"]) == (
        entry.required, entry.actual, entry.verdict)  # fmt: skip
    assert sum(Decimal(line["hours"]) for line in said["lines"]) == entry.actual
    assert [(one["held_on"], one["late"]) for one in said["lines"]] == [
        ("2023-04-01", "75"), ("2023-06-14", "")]  # fmt: skip
    account = hours.account(
        me, 2023, entries=Entry.objects.all(), activities=Activity.objects.all()
    )
    assert account.counted == entry.actual
    assert "学习讨论" not in json.dumps(said, ensure_ascii=False), "no title of an activity"
    with refused("没有可以证明"):
        actions.issue(by=cast.member, person=me, year=2022)
    for user in (cast.outsider, cast.inspector, cast.stranger):
        with refused("权限"):
            actions.issue(by=user, person=me, year=2023)
    with refused("本校签发"):
        actions.receive(by=cast.secretary, person=me, file=json.dumps(row.content).encode())
    assert hours.of_year(me, 2023) == entry.actual
    readings.choose(
        by=cast.office, reading="R-01", option="training-only", decided_by="党委会",
        decided_on=TODAY, why="从严",
    )  # fmt: skip
    assert hours.of_year(me, 2023) == Decimal("2.5")
    with one_event("certificate.revoked"):
        row = actions.withdraw(by=cast.secretary, row=row, reason="多记了一次")
    told, _ = notes.opened(certificates.notice(row), {row.content["key"]})
    assert (told["serial"], told["revoked_on"]) == (row.serial, "2023-06-15")
    assert "党员甲" not in str(told)


def test_a_genuine_one_is_filed_and_counts_nowhere(cast: Cast, trusted: TrustedIssuer) -> None:
    me = owner(cast.member)
    ledger.rebuild()
    before = list(Entry.objects.order_by("pk").values())
    with one_event("certificate.received"):
        row = actions.receive(by=cast.secretary, person=me, file=theirs())
    row.refresh_from_db()
    assert (row.issuer, row.year, row.valid_until) == (trusted, 2023, date(2024, 6, 1))
    assert list(Entry.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"%PDF-1.7", "不是签名的学时证明"),
        (notes.sign(note(), Ed25519PrivateKey.from_private_bytes(bytes(32))), "不在认可的学校里"),
        (theirs().replace(b'"26"', b'"56"'), "被改动过"),
        (theirs(name="党员乙"), "姓名是“党员乙”"),
        (theirs(valid_until="2023-06-14"), "已经过期"),
        (theirs(issued_on="2023-06-16"), "之后"),
        (theirs(issued_on="20230601"), "不是学时证明"),
        (theirs(format="guantong hours 2"), "新格式"),
        (theirs(year="2023"), "不是学时证明"),
        (theirs(year=True), "不是学时证明"),
        (theirs(lines=[{"held_on": "2023-03-01"}]), "不是学时证明"),
        (theirs(demands=["x"]), "不是学时证明"),
        (theirs(serial="长" * 301), "不是学时证明"),
    ],
)
def test_what_is_not_genuine_is_refused_with_the_reason(
    cast: Cast, trusted: TrustedIssuer, file: bytes, reason: str
) -> None:
    with refused(reason) as caught:
        actions.receive(by=cast.secretary, person=owner(cast.member), file=file)
    assert set(caught.value.fields) == {"file"}


def test_one_certificate_is_filed_once_until_it_is_withdrawn(
    cast: Cast, trusted: TrustedIssuer
) -> None:
    me, namesake = owner(cast.member), make_person("党员甲", cast.branch, number="S2")
    row = actions.receive(by=cast.secretary, person=namesake, file=theirs())
    for person in (me, namesake):
        with refused("已经登记过"):
            actions.receive(by=cast.secretary, person=person, file=theirs())
    with refused("权限"):
        actions.withdraw(by=cast.outsider, row=row, reason="认错人")
    with one_event("certificate.withdrawn"):
        actions.withdraw(by=cast.secretary, row=row, reason="认错了人")
    assert actions.receive(by=cast.secretary, person=me, file=theirs()).person == me
    assert HoursCertificate.objects.count() == 2
    with refused("权限"):
        actions.receive(by=cast.outsider, person=me, file=theirs(serial="s-2"))


def test_hours_certified_twice_are_told_and_never_count_twice(
    cast: Cast, trusted: TrustedIssuer
) -> None:
    def filed(serial: str, day: str, by: Ed25519PrivateKey = THEIRS, **more: Any) -> int:
        lines = [{**note()["lines"][0], "held_on": day}]
        file = notes.sign(note(serial=serial, lines=lines, **more), by)
        return actions.receive(by=cast.secretary, person=me, file=file).pk

    me, other = owner(cast.member), Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    actions.trust(by=cast.office, name="乙大学", key=notes.public(other), checked="电话核对")
    make_activity(cast.branch, held_on=date(2023, 5, 4), late_reason="系统未开通")
    first = filed("s-1", "2023-03-01")
    assert certificates.doubled(me) == {}
    there = filed("s-2", "2023-03-01", other)
    said = "2023-03-01（1 天）{}也记了学时：是同一次的只能算一次".format
    assert certificates.doubled(me) == {first: said("乙大学"), there: said("外地大学")}
    newer = filed("s-3", "2023-05-04", issued_on="2023-06-02")
    assert certificates.doubled(me) == {
        first: "同一年 2023-06-02 又签发过一份，以那份为准，这份不另计",
        newer: "2023-05-04（1 天）本校也记了学时：是同一次的只能算一次",
    }
    actions.withdraw(by=cast.secretary, row=HoursCertificate.objects.get(pk=newer), reason="错")
    assert set(certificates.doubled(me)) == {first, there}


def test_a_notice_of_its_school_ends_a_certificate_for_good(
    cast: Cast, trusted: TrustedIssuer
) -> None:
    def notice(serial: str = "s-1", by: Ed25519PrivateKey = THEIRS, **more: str) -> bytes:
        told = {"format": certificates.REVOKED, "serial": serial, "school": "外地大学"}
        return notes.sign({**told, "revoked_on": "2023-06-10", **more}, by)

    me = owner(cast.member)
    row = actions.receive(by=cast.secretary, person=me, file=theirs())
    with one_event("certificate.forewarned"):
        assert actions.receive(by=cast.secretary, person=me, file=notice("s-2")) == trusted
    for file, reason in (
        (theirs(serial="s-2"), "2023-06-10 撤销了这份证明"),  # the notice came first
        (notice("s-2"), "已经记下"),
        (notice(more="x"), "不是完整的撤销通知"),
        (notice(by=Ed25519PrivateKey.from_private_bytes(bytes(32))), "不在认可的学校里"),
    ):
        with refused(reason):
            actions.receive(by=cast.secretary, person=me, file=file)
    with one_event("certificate.revoked"):
        actions.receive(by=cast.secretary, person=me, file=notice())
    row.refresh_from_db()
    assert (row.revoked_on, row.withdrawn_reason) == (date(2023, 6, 10), "签发学校撤销")
    for file, reason in ((theirs(), "撤销了这份证明"), (notice(), "已照通知撤销")):
        with refused(reason):
            actions.receive(by=cast.secretary, person=me, file=file)


def test_only_the_school_says_whom_to_believe(cast: Cast, trusted: TrustedIssuer) -> None:
    me: Person = owner(cast.member)
    for user in (cast.officer, cast.secretary, cast.admin):
        with refused("权限"):
            actions.trust(by=user, name="x", key=notes.public(THEIRS), checked="x")
    with refused("已经认可过"):
        actions.trust(by=cast.office, name="x", key=f" {trusted.key}\n", checked="x")
    for key in ("x", trusted.key[:-1], "长" * 44):
        with refused("密钥不完整"):
            actions.trust(by=cast.office, name="x", key=key, checked="x")
    with refused("权限"):
        actions.distrust(by=cast.officer, row=trusted, reason="x")
    with one_event("issuer.distrusted"):
        actions.distrust(by=cast.office, row=trusted, reason="密钥外泄")
    with refused("不在认可的学校里"):
        actions.receive(by=cast.secretary, person=me, file=theirs())
    assert TODAY.year == 2023
