"""A certificate of hours that one of the sample's members brought from an invented school."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from guantong.records.certificates import FORMAT
from guantong.records.models import HoursCertificate, Person, TrustedIssuer, User
from guantong.trust import notes

THEIR_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # nobody's
SCHOOL, FILED = "外地示例大学（虚构）", date(2022, 9, 20)
ISSUED, UNTIL = "2022-09-06", "2023-09-06"


def issuer(by: User) -> TrustedIssuer:
    return TrustedIssuer(
        name=SCHOOL, key=notes.public(THEIR_KEY), checked="与对方组织部电话核对了指纹",
        added_at=_at(FILED), added_by=by,
    )  # fmt: skip


def certificate(person: Person, of: TrustedIssuer, by: User) -> HoursCertificate:
    signed = notes.sign(_told(person), THEIR_KEY)
    return HoursCertificate(
        person=person, issuer=of, serial="sample-2022-1", year=2022, issued_on=ISSUED,
        valid_until=UNTIL, content=json.loads(signed), at=_at(FILED), by=by,
    )  # fmt: skip


def _told(person: Person) -> Mapping[str, object]:
    lines = [("2022-03-11", "集中培训", "16"), ("2022-05-20", "党课", "4")]
    demand = {"title": "党员年度学习学时", "required": "21.4", "actual": "20", "unit": "学时",
              "verdict": "due"}  # fmt: skip
    return {
        "format": FORMAT, "serial": "sample-2022-1",
        "school": SCHOOL, "branch": "研究生第一党支部",
        "name": person.name, "year": 2022, "issued_on": ISSUED, "valid_until": UNTIL,
        "demands": [demand],
        "lines": [
            {"held_on": day, "kind": kind, "role": "参加", "hours": hours, "late": ""}
            for day, kind, hours in lines
        ],
    }  # fmt: skip


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10), timezone.get_default_timezone())
