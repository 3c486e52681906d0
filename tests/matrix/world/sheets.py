"""Imports, comparisons, certificates and reminders of the world."""

import hashlib
from dataclasses import replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guantong.records import clock, sealing
from guantong.records.actions import certificates, documents, feeds, imports, reconciling
from guantong.records.models import Delivery, DigestSubscription, Discrepancy, ImportSource
from guantong.records.models.person import Person
from guantong.trust import notes
from tests.factories import TODAY
from tests.matrix.oracle import BRANCHES
from tests.matrix.world.base import YESTERDAY, At, World
from tests.records.spreadsheets import held, roll
from tests.records.test_certificates import theirs

SHEET: Final = f"日期,活动类型,主题,主办组织\n{TODAY},谈心谈话,谈话,某党支部\n"
TRUSTED: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHERS: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def of_org(w: World, at: At) -> None:
    text = w.text(at)
    at.check = documents.check(
        by=None, document=at.document, on_day=YESTERDAY, found=text("documentcheck"), problem=True
    )
    at.source = ImportSource.objects.create(
        kind="activities", name=text("importsource"), org=at.org, columns={"主题": "title"},
        changed_at=clock.now(),
    )  # fmt: skip


def of_branch(w: World, at: At) -> None:
    text = w.text(at)
    row = {"hosts": (at.org.name,), "title": text("batch"), "place": text("batch")}
    sha256 = hashlib.sha256(SHEET.encode()).hexdigest()
    parsed: Any = replace(held(row), file_name=text("batch"), sha256=sha256)
    upload = imports.Upload(SHEET.encode())
    at.batch = imports.preview(by=None, parsed=parsed, upload=upload)
    row = {"name": text("roll"), "org": at.org.name, "number": text("roll")}
    parsed = replace(roll(row), file_name=text("roll"))
    at.roll = imports.preview(by=None, parsed=parsed)
    at.received = certificates.receive(
        by=None, person=at.person, file=theirs(name=at.person.name, serial=f"s-{at.place}")
    )


def everybodys(w: World) -> None:
    """A source that all may read who import such sheets."""
    w.at["school"].common = ImportSource.objects.create(
        kind="activities", name=w.birds.text("importsource.common", "school"),
        columns={"主题": "title"}, changed_at=clock.now(),
    )  # fmt: skip


def trusting(w: World) -> None:
    """Two other schools; one of them is trusted no more."""
    for key in (OTHERS, TRUSTED):
        issuer = certificates.trust(
            by=None, name=w.birds.text("trustedissuer", ""), key=notes.public(key),
            checked=w.birds.text("trustedissuer", ""),
        )  # fmt: skip
        if key is OTHERS:
            reason = w.birds.text("trustedissuer", "")
            certificates.distrust(by=None, row=issuer, reason=reason)
    w.at["school"].issuer = issuer


def issued(w: World) -> None:
    """Certificates, from what the ledger says."""
    for at in w.at.values():
        if person := getattr(at, "person", None):
            at.given = certificates.issue(by=None, person=person, year=TODAY.year)


def compared(w: World) -> None:
    """Another system calls somebody otherwise, in each branch."""
    found = [_theirs(w, w.at[branch]) for branch in BRANCHES]
    name = w.birds.text("reconciliation", "")
    export = reconciling.Export("national", name, YESTERDAY, roll(*found).rows)
    reconciling.compare(by=None, export=export)
    for branch in BRANCHES:
        rows = Discrepancy.objects.filter(person=w.at[branch].sender)
        w.at[branch].discrepancy = rows.get(field="name")
        rows.exclude(field="name").update(state="ours")


def _theirs(w: World, at: At) -> dict[str, Any]:
    person: Person = at.sender
    return {
        "name": w.text(at)("discrepancy"), "org": at.org.name, "phone": "13900000000",
        "id_number": sealing.unseal(person, "id_number"),
    }  # fmt: skip


def reminders(w: World) -> None:
    """Everybody has a calendar address, and mail that did not come."""
    for name, user in w.users.items():
        if not user.is_active:
            continue
        feeds.renew(by=user)
        DigestSubscription.objects.create(user=user, since=clock.now())
        Delivery.objects.create(
            week=TODAY, channel=f"mail:{user.pk}", user=user, state="refused",
            due_at=clock.now(), says=w.birds.text("delivery", name),
        )  # fmt: skip
