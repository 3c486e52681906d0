"""Giving out certificates of hours, filing those that others gave, and whom to believe."""

import json
from datetime import date
from typing import Any

from django.db import transaction

from guantong.records import access, certificates, clock, signing
from guantong.records.access import Refused
from guantong.records.actions import events, people, rows
from guantong.records.models import HoursCertificate, Person, TrustedIssuer, User
from guantong.trust import notes

FILES, TRUSTS = "member.edit", "issuer.trust"


@transaction.atomic
def issue(*, by: User | None, person: Person, year: int) -> HoursCertificate:
    """Sign what the ledger says today. The member may, and who keeps the roll there."""
    if by is None or by.person_id != person.pk:
        access.require_person(by, FILES, person)
    rows.locked(person)
    note = certificates.told(person, year)
    if same := certificates.issued_before(person, note):
        raise Refused(
            f"{same.issued_on} 已签发过内容相同的 {year} 年学时证明，有效期至 {same.valid_until}，"
            "请直接用那一份。"
        )
    row = rows.insert(
        HoursCertificate(
            person=person, serial=note["serial"], year=year, issued_on=note["issued_on"],
            valid_until=note["valid_until"], content=json.loads(signing.signed(note)),
            at=clock.now(), by=by,
        )
    )  # fmt: skip
    _tell("certificate.issued", row, by)
    return row


@transaction.atomic
def receive(*, by: User | None, person: Person, file: bytes) -> HoursCertificate | TrustedIssuer:
    """File what a trusted school gave; forged, altered, doubled and expired ones are refused.

    Its notice that a certificate holds no longer comes in by the same door. It may come before
    the certificate: then the school is returned, for which it is remembered.
    """
    access.require_person(by, FILES, person)
    rows.locked(person)
    note, issuer = certificates.genuine(file, signing.own_key())
    if note.get("format") == certificates.REVOKED:
        filed = certificates.revoked_by(note, issuer, person)
        if filed is None:
            return _remember(note, issuer, by)
        return _revoke(
            rows.locked(filed), by, date.fromisoformat(note["revoked_on"]), "签发学校撤销"
        )
    certificates.require_fit(note, issuer, person)
    row = rows.insert(
        HoursCertificate(
            person=person, issuer=issuer, serial=note["serial"], year=note["year"],
            issued_on=note["issued_on"], valid_until=note["valid_until"],
            content=json.loads(file), at=clock.now(), by=by,
        )
    )  # fmt: skip
    _tell("certificate.received", row, by)
    return row


@transaction.atomic
def withdraw(*, by: User | None, row: HoursCertificate, reason: str) -> HoursCertificate:
    """Take back what was filed by mistake; it may be filed again, for somebody else too.

    What was given out here is revoked: whoever has it learns so by a signed notice.
    """
    row = rows.locked(row)
    access.require_person(by, FILES, row.person)
    reason = events.reasoned(reason)
    if row.withdrawn_at:
        raise Refused("这份证明已经撤销。")
    if row.issuer_id is None:
        return _revoke(row, by, clock.today(), reason)
    rows.change(row, withdrawn_at=clock.now(), withdrawn_reason=reason)
    _tell("certificate.withdrawn", row, by, reason)
    return row


def _revoke(row: HoursCertificate, by: User | None, on: date, reason: str) -> HoursCertificate:
    told = {"withdrawn_at": clock.now(), "withdrawn_reason": reason}
    rows.change(row, revoked_on=on, **({} if row.withdrawn_at else told))
    _tell("certificate.revoked", row, by, reason)
    return row


def _remember(note: dict[str, Any], issuer: TrustedIssuer, by: User | None) -> TrustedIssuer:
    issuer = rows.locked(issuer)
    rows.change(issuer, revoked={**issuer.revoked, note["serial"]: note["revoked_on"]})
    events.leave("certificate.forewarned", issuer, by=by, serial=note["serial"], name=issuer.name)
    return issuer


@transaction.atomic
def trust(*, by: User | None, name: str, key: str, checked: str) -> TrustedIssuer:
    """Believe what another school signs from now on."""
    access.require(by, TRUSTS, None)
    key = "".join(key.split())
    if not notes.is_key(key):
        reason = "密钥不完整：应是 44 个字符、以 = 结尾。请从对方页面整段复制。"
        raise Refused(reason, {"key": reason})
    if key == signing.own_key():
        raise Refused("这是本校自己的密钥。", {"key": "这是本校自己的密钥。"})
    if TrustedIssuer.objects.filter(key=key, ended_at=None).exists():
        raise Refused("这个密钥已经认可过。", {"key": "这个密钥已经认可过。"})
    row = rows.insert(
        TrustedIssuer(
            name=name.strip(), key=key, checked=checked.strip(), added_at=clock.now(), added_by=by
        )
    )
    events.leave("issuer.trusted", row, by=by, name=row.name, key=key, checked=row.checked)
    return row


@transaction.atomic
def distrust(*, by: User | None, row: TrustedIssuer, reason: str) -> TrustedIssuer:
    """Believe it no longer; what was filed before stays, with who signed it."""
    access.require(by, TRUSTS, None)
    row = rows.locked(row)
    reason = events.reasoned(reason)
    if row.ended_at:
        raise Refused("已经停止认可。")
    rows.change(row, ended_at=clock.now(), ended_reason=reason)
    events.leave("issuer.distrusted", row, by=by, name=row.name, reason=reason)
    return row


def _tell(verb: str, row: HoursCertificate, by: User | None, reason: str = "") -> None:
    events.leave(
        verb, row, by=by, org=people.org_of(row.person), person=row.person, year=row.year,
        serial=row.serial, reason=reason,
    )  # fmt: skip
