"""Templates of the school's own, and filing what was made from one. What is filed never changes.

Whether a template fits is looked at by the caller (`sheets.papers`), in a child process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction

from guantong.records import access, catalogue, clock
from guantong.records.access import Refused
from guantong.records.actions import events, rows
from guantong.records.models import Case, Org, Paper, PaperTemplate, StoredFile, User

UPLOAD, FILE = "paper.template", "case.handle"


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@transaction.atomic
def add_template(
    *, by: User | None, org: Org, process: str, title: str, content: bytes
) -> PaperTemplate:
    """Offer a template for a process at an organisation and below."""
    access.require(by, UPLOAD, org)
    if process not in catalogue.handling().of:
        raise Refused("请选择流程。", {"process": "请选择流程。"})
    require_open(process)
    row = rows.insert(
        PaperTemplate(
            org=org, process=process, title=title.strip(), file=_stored(content),
            added_at=clock.now(), by=by,
        )
    )  # fmt: skip
    events.leave("template.added", row, by=by, org=org, title=row.title, sha256=row.file.sha256)
    return row


@transaction.atomic
def retire_template(*, by: User | None, template: PaperTemplate) -> PaperTemplate:
    """Offer it no longer; what was filed from it stays."""
    template = rows.locked(template)
    access.require(by, UPLOAD, template.org)
    if template.retired_at:
        raise Refused("这份模板已经停用。")
    change = rows.change(template, retired_at=clock.now())
    events.leave("template.retired", template, by=by, org=template.org, change=change)
    return template


@dataclass(frozen=True)
class Made:
    """One document as it was made for a case; `template` is the digest of its template."""

    case: Case
    title: str
    template: str
    content: bytes


@transaction.atomic
def file(*, by: User | None, made: Iterable[Made]) -> list[Paper]:
    """Keep documents with their cases for good, all or none; each leaves its own event."""
    return [_file(by, one) for one in made]


def _file(by: User | None, made: Made) -> Paper:
    case = rows.locked(made.case)
    access.require(by, FILE, case.org)
    if by is not None and not access.cases(by).filter(pk=case.pk).exists():
        raise access.Forbidden("您没有办理这件事项的权限。")
    require_open(case.process)
    same = {"template": made.template, "file__sha256": digest(made.content)}
    if there := Paper.objects.filter(case=case, **same).first():
        return there  # a second click, or somebody else at the same time
    row = rows.insert(
        Paper(
            case=case, title=made.title, template=made.template, file=_stored(made.content),
            filed_at=clock.now(), by=by,
        )
    )  # fmt: skip
    events.leave(
        "paper.filed", row, by=by, org=case.org, case=case, title=row.title,
        sha256=row.file.sha256,
    )  # fmt: skip
    return row


def require_open(process: str) -> None:
    """What only few may know is written into no document that can be handed on."""
    if catalogue.handling().of[process].restricted:
        raise Refused("限知的事项不生成文书。")


def _stored(content: bytes) -> StoredFile:
    row, _ = StoredFile.objects.get_or_create(
        sha256=digest(content), defaults={"content": content}
    )
    return row
