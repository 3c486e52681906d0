"""What a certificate of hours says, and what speaks against one from elsewhere. Reads only.

The figures are those of the ledger's entries and their explanations (`records.hours`), frozen on
the day of issue. It names no activity and no organisation but the branch: what another school
needs to know, and nothing more.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.utils import timezone

from guantong.obligations.run import plain
from guantong.periods import add_months
from guantong.records import clock, hours, signing
from guantong.records.access import Refused
from guantong.records.models import (
    Activity,
    Attendance,
    Entry,
    HoursCertificate,
    Person,
    School,
    TrustedIssuer,
)
from guantong.trust import notes

FORMAT: Final = "guantong hours 1"
REVOKED: Final = "guantong hours revoked 1"
VALID_MONTHS: Final = 12
SHAPE: Final = {  # what stands in a certificate, and of what type
    "format": str, "serial": str, "school": str, "branch": str, "name": str, "year": int,
    "issued_on": str, "valid_until": str, "demands": list, "lines": list,
}  # fmt: skip
NOTICE: Final = {"format": str, "serial": str, "school": str, "revoked_on": str}
DEMAND: Final = ("title", "required", "actual", "unit", "verdict")
LINE: Final = ("held_on", "kind", "role", "hours", "late")
LONGEST: Final = 300
DAYS_TOLD: Final = 5
OURS: Final = "本校"


def told(person: Person, year: int) -> dict[str, Any]:
    """The content of a new certificate; refuses where there is nothing to certify."""
    account = hours.account(
        person, year, entries=Entry.objects.filter(assessment__live=True),
        activities=Activity.objects.none(),
    )  # fmt: skip
    if not any(line.counted for line in account.lines):
        raise Refused(f"{person.name} {year} 年没有计入的学时，没有可以证明的内容。")
    today, span = clock.today(), person.memberships.order_by("valid_from").last()
    return {
        "format": FORMAT,
        "serial": str(uuid.uuid4()),
        "school": School.objects.get().name,
        "branch": span.org.name if span else "",
        "name": person.name,
        "year": year,
        "issued_on": today.isoformat(),
        "valid_until": add_months(today, VALID_MONTHS).isoformat(),
        "demands": [
            {
                "title": demand.obligation.title,
                "required": plain(demand.entry.required),
                "actual": plain(demand.entry.actual),
                "unit": demand.obligation.unit,
                "verdict": demand.entry.verdict,
            }
            for demand in account.demands
        ],
        "lines": [
            {
                "held_on": line.held_on.isoformat(),
                "kind": line.kind,
                "role": line.role,
                "hours": plain(line.hours),
                "late": str(line.late or ""),
            }
            for line in reversed(account.lines)
            if line.counted
        ],
    }


def issued_before(person: Person, note: Mapping[str, Any]) -> HoursCertificate | None:
    """The person's certificate in force that says the same as a new one would."""
    same = ("year", "school", "branch", "name", "demands", "lines")
    valid = HoursCertificate.objects.filter(
        person=person, issuer=None, year=note["year"], withdrawn_at=None,
        valid_until__gte=clock.today(),
    )  # fmt: skip
    found = (row for row in valid if all(row.content["note"].get(n) == note.get(n) for n in same))
    return next(found, None)


def doubled(person: Person) -> dict[int, str]:
    """What must not be counted twice in the certificates that the person holds, by certificate:
    a newer one of the same school for the year, or days for which hours are on record elsewhere.
    """
    rows = HoursCertificate.objects.filter(person=person, withdrawn_at=None)
    held = list(rows.select_related("issuer").order_by("issued_on", "pk"))
    newest = {(row.year, row.issuer and row.issuer.name): row for row in held}
    last = set(newest.values())
    days = defaultdict[str, set[str]](set)  # day to who has hours for it
    for row in last:
        for day in _days(row):
            days[day].add(_school(row))
    for day in _recorded_here(person, days):
        days[day].add(OURS)
    told = dict[int, str]()
    for row in held:
        later = newest[row.year, row.issuer and row.issuer.name]
        why = (
            _elsewhere(row, days)
            if row in last
            else f"同一年 {later.issued_on} 又签发过一份，以那份为准，这份不另计"
        )
        told |= {row.pk: why} if why else {}
    return told


def _school(row: HoursCertificate) -> str:
    return row.issuer.name if row.issuer else OURS


def _days(row: HoursCertificate) -> set[str]:
    return {line["held_on"] for line in row.content["note"]["lines"]}


def _recorded_here(person: Person, days: Iterable[str]) -> set[str]:
    """The days for which hours of the person are on record in this school."""
    there = Attendance.objects.filter(
        person=person, hours__gt=0, activity__planned=False, activity__withdrawn_at=None,
        activity__held_on__in=[date.fromisoformat(day) for day in days],
    )  # fmt: skip
    return {day.isoformat() for day in there.values_list("activity__held_on", flat=True)}


def _elsewhere(row: HoursCertificate, days: Mapping[str, set[str]]) -> str:
    """Nothing is said of our own: what it tells is what is on record here."""
    if row.issuer is None:
        return ""
    shared = sorted(day for day in _days(row) if days[day] - {_school(row)})
    if not shared:
        return ""
    others = sorted(set[str]().union(*(days[day] for day in shared)) - {_school(row)})
    listed = "、".join(shared[:DAYS_TOLD]) + ("等" if len(shared) > DAYS_TOLD else "")
    return f"{listed}（{len(shared)} 天）{'、'.join(others)}也记了学时：是同一次的只能算一次"


def notice(row: HoursCertificate) -> bytes:
    """The signed notice by which another school learns that a certificate holds no longer."""
    assert row.revoked_on is not None
    told = {
        "format": REVOKED,
        "serial": row.serial,
        "school": row.content["note"]["school"],
        "revoked_on": row.revoked_on.isoformat(),
    }
    return signing.signed(told)


def genuine(file: bytes, own_key: str) -> tuple[dict[str, Any], TrustedIssuer]:
    """What a trusted school has signed, and which; refuses with the reason."""
    trusted = {row.key: row for row in TrustedIssuer.objects.filter(ended_at=None)}
    try:
        note, key = notes.opened(file, {*trusted, own_key})
    except notes.NoNote:
        raise _refused("这不是签名的学时证明。请选对方学校给的 .json 文件，不要选 PDF。") from None
    except notes.UnknownKey as unknown:
        mark = notes.fingerprint(unknown.args[0]) if notes.is_key(unknown.args[0]) else "无法辨认"
        raise _refused(
            f"签发它的密钥（{mark}）不在认可的学校里。请学校党委组织部与对方核对后加入，"
            "核对不上的就是伪造的。"
        ) from None
    except notes.Altered:
        raise _refused("内容与签名不符，签发以后被改动过，不能采用。") from None
    if key == own_key:
        raise _refused("这是本校签发的证明，学时已在本校台账里。")
    return note, trusted[key]


def require_fit(note: Mapping[str, Any], issuer: TrustedIssuer, person: Person) -> None:
    """Refuse what is no certificate of this person that may be filed today."""
    if reason := _unfit(note, issuer, person):
        raise _refused(reason)


def revoked_by(
    note: Mapping[str, Any], issuer: TrustedIssuer, person: Person
) -> HoursCertificate | None:
    """The person's certificate that a notice takes back; None where it is not filed at all."""
    if not _has_shape(note, NOTICE) or not _is_day(note["revoked_on"]):
        raise _refused("签名有效，但不是完整的撤销通知。")
    filed = HoursCertificate.objects.filter(serial=note["serial"], issuer__key=issuer.key)
    open_ = filed.filter(person=person, revoked_on=None)
    row = open_.order_by("withdrawn_at", "pk").first()
    if row is None and note["serial"] in _revoked(issuer):
        raise _refused("这份通知以前已经记下，不用办理。")
    if row is None and filed.exists():
        raise _refused(
            f"{person.name}名下这份证明已照通知撤销，不用办理；登记在别人名下的，到他的学时账户上传。"
        )
    return row


def _revoked(issuer: TrustedIssuer) -> dict[str, str]:
    """What its school took back before it was filed: serial to day."""
    told: dict[str, str] = {}
    for row in TrustedIssuer.objects.filter(key=issuer.key):
        told |= row.revoked
    return told


def _unfit(note: Mapping[str, Any], issuer: TrustedIssuer, person: Person) -> str:
    if not _is_certificate(note):
        return "签名有效，但内容不是学时证明，或者是认不得的新格式。"
    issued_on, until = (date.fromisoformat(note[name]) for name in ("issued_on", "valid_until"))
    today = clock.today()
    if today > until:
        return f"证明在 {until} 已经过期。请对方学校重新签发。"
    if issued_on > today:
        return f"证明的签发日期 {issued_on} 在今天（{today}）之后，不能采用。"
    if note["name"] != person.name:
        return f"证明上的姓名是“{note['name']}”，不是“{person.name}”。请核对是否选错了人。"
    found = HoursCertificate.objects.filter(serial=note["serial"])
    row = found.exclude(revoked_on=None).first()
    if gone := row.revoked_on if row else _revoked(issuer).get(note["serial"]):
        return f"签发学校在 {gone} 撤销了这份证明，不能再登记。请对方重新签发。"
    found = found.filter(withdrawn_at=None)
    if earlier := found.select_related("person").first():
        return f"这份证明 {timezone.localdate(earlier.at)} 已经登记过，不能重复登记。"
    return ""


def _is_certificate(note: Mapping[str, Any]) -> bool:
    if not _has_shape(note, SHAPE) or note["format"] != FORMAT:
        return False
    rows = [(note["demands"], DEMAND), (note["lines"], LINE)]
    if not all(_are_rows(found, fields) for found, fields in rows):
        return False
    texts = [text for text in note.values() if isinstance(text, str)]
    dates = [note["issued_on"], note["valid_until"], *(row["held_on"] for row in note["lines"])]
    return (
        0 < note["year"] < 10000 and max(map(len, texts)) <= LONGEST and all(map(_is_day, dates))
    )


def _has_shape(note: Mapping[str, Any], shape: Mapping[str, type]) -> bool:
    return note.keys() == shape.keys() and all(
        type(note[name]) is kind for name, kind in shape.items()
    )


def _are_rows(found: list[Any], fields: tuple[str, ...]) -> bool:
    return len(found) <= LONGEST and all(
        isinstance(row, dict)
        and row.keys() == set(fields)
        and all(isinstance(text, str) and len(text) <= LONGEST for text in row.values())
        for row in found
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _refused(reason: str) -> Refused:
    return Refused(reason, {"file": reason})
