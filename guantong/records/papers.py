"""Which Word templates there are: of the catalogue, and uploaded by organisations."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from guantong.conditions.yaml_file import read
from guantong.processes.model import Process
from guantong.records import access, catalogue
from guantong.records.models import Org, PaperTemplate, User


@dataclass(frozen=True)
class Template:
    """`code` is its name in the catalogue, or the id of an uploaded one; `org` null: of the
    catalogue, for everyone. `step`: the step whose paper it is, where index.yaml says so;
    `after`: only in cases in which that step was taken.
    """

    code: str
    title: str
    process: str
    org: Org | None
    content: bytes
    step: str = ""
    after: str = ""

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()

    def fits(self, org: Org) -> bool:
        """Whether it is meant for an organisation's cases."""
        return self.org is None or org.path.startswith(self.org.path)

    def fits_steps(self, taken: Collection[str]) -> bool:
        return not self.after or self.after in taken

    def belongs_to(self, process: Process) -> set[str]:
        """The steps that yield it: the one named, or those whose papers it is called like."""
        if self.step:
            return {self.step}
        steps = process.steps.values()
        return {one.name for one in steps if self.title in {d.title for d in one.documents}}


def of_catalogue() -> Mapping[str, Template]:
    return _templates(settings.CATALOGUE_DIR)


@cache
def _templates(place: Path) -> Mapping[str, Template]:
    return load_templates(place, {n: catalogue.process(n) for n in catalogue.handling().of})


def load_templates(place: Path, processes: Mapping[str, Process]) -> dict[str, Template]:
    """The templates of a catalogue folder; raise CatalogueError."""
    folder = place / "documents"
    if not (folder / "index.yaml").exists():
        return {}
    f = read(folder / "index.yaml", "documents/index.yaml")
    found = {}
    for code in list(f.data):
        one = f.fields(code)
        file = folder / f"{code}.docx"
        if not file.exists():
            raise f.wrong(code, f"没有文件 documents/{code}.docx", "补上文件，或去掉这一行")
        process = one.text("process")
        if process not in processes:
            raise one.wrong("process", f"没有流程“{process}”", "写 processes/ 中的文件名")
        step = one.text("step", "")
        after = one.text("after", "")
        for key, name in (("step", step), ("after", after)):
            if name not in {"", *processes[process].steps}:
                raise one.wrong(key, f"流程“{process}”没有步骤“{name}”", "写流程文件中的步骤名")
        title, content = one.text("title"), file.read_bytes()
        found[code] = Template(code, title, process, None, content, step, after)
        one.done()
    f.done()
    return found


def offered(user: User) -> list[Template]:
    """Those of the catalogue, then those uploaded in the user's reach or above it."""
    return [*of_catalogue().values(), *map(_told, _uploaded(user).order_by("process", "title"))]


def by_step(user: User, process: Process, org: Org) -> Mapping[str, list[Template]]:
    """By step the templates for what it yields, of those offered for an organisation's cases; of
    uploaded ones the content is not read.
    """
    rows = _uploaded(user).filter(process=process.name).select_related(None).order_by("title")
    uploaded = [
        Template(str(row.pk), row.title, row.process, row.org, b"")
        for row in rows.select_related("org")
    ]
    found = defaultdict(list)
    for one in (*of_catalogue().values(), *uploaded):
        if one.process == process.name and one.fits(org):
            for step in one.belongs_to(process):
                found[step].append(one)
    return found


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
