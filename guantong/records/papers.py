"""Which Word templates there are: of the catalogue, and uploaded by organisations."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from guantong.conditions.yaml_file import read
from guantong.records import access
from guantong.records.models import Org, PaperTemplate, User


@dataclass(frozen=True)
class Template:
    """`code` is its name in the catalogue, or the id of an uploaded one; `org` null: of the
    catalogue, for everyone.
    """

    code: str
    title: str
    process: str
    org: Org | None
    content: bytes

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()

    def fits(self, org: Org) -> bool:
        """Whether it is meant for an organisation's cases."""
        return self.org is None or org.path.startswith(self.org.path)


def of_catalogue() -> Mapping[str, Template]:
    return _of_catalogue(settings.CATALOGUE_DIR / "documents")


@cache
def _of_catalogue(folder: Path) -> Mapping[str, Template]:
    if not (folder / "index.yaml").exists():
        return {}
    f = read(folder / "index.yaml", "documents/index.yaml")
    found = {}
    for code in list(f.data):
        one = f.fields(code)
        file = folder / f"{code}.docx"
        if not file.exists():
            raise f.wrong(code, f"没有文件 documents/{code}.docx", "补上文件，或去掉这一行")
        found[code] = Template(
            code, one.text("title"), one.text("process"), None, file.read_bytes()
        )
        one.done()
    f.done()
    return found


def offered(user: User) -> list[Template]:
    """Those of the catalogue, then those uploaded in the user's reach or above it."""
    return [*of_catalogue().values(), *map(_told, _uploaded(user).order_by("process", "title"))]


def find(user: User, code: str) -> Template | None:
    if code in of_catalogue():
        return of_catalogue()[code]
    if not code.isdecimal() or len(code) > 18:
        return None
    row = _uploaded(user).filter(pk=int(code)).first()
    return _told(row) if row else None


def _uploaded(user: User) -> QuerySet[PaperTemplate]:
    above = {pk for held in access.roles_of(user) if held.org for pk in held.org.lineage()}
    seen = Q(org__in=access.orgs(user, "case.view")) | Q(org__in=above)
    return PaperTemplate.objects.filter(seen, retired_at=None).select_related("org", "file")


def _told(row: PaperTemplate) -> Template:
    return Template(str(row.pk), row.title, row.process, row.org, bytes(row.file.content))
