"""The organisations of the sample school, and the re-cut of its student branches."""

from collections.abc import Iterator
from datetime import date

from guantong.periods import add_months
from guantong.records import names
from guantong.records.actions.sample.days import FOUNDED, RECUT
from guantong.records.actions.sample.gaps import SCHOOL
from guantong.records.models import Org, OrgName, OrgParent, OrgSuccession

COLLEGES = (
    *("文学院", "数学学院", "物理学院", "化学学院", "生命科学学院", "地理学院"),
    *("计算机学院", "外国语学院", "经济学院", "管理学院", "法学院", "教育学院"),
    *("体育学院", "音乐学院", "美术学院", "医学院", "土木工程学院", "马克思主义学院"),
)
RECUT_COLLEGES = COLLEGES[::3]
GRADES = ("2018级学生", "2019级学生", "2020级学生", "研究生")
GENERAL = {"离退休": ("retired", 6), "后勤": ("staff", 3), "图书馆": ("staff", 2)}
DIRECT = {"校医院": "staff", "附属中学": "faculty", "继续教育学院": "mixed"}
OFFICE_BRANCHES = 14
GROUPED = ("离退休第一党支部", "离退休第二党支部", "机关第三党支部")
RENAMED, FORMERLY, RENAMED_ON = "继续教育学院", "成人教育学院", date(2022, 9, 1)
MOVED, MOVED_ON = "网络中心党支部", date(2023, 3, 1)
NUMERALS = "一二三四五六七八九十"


class Tree:
    """Organisations with ids and paths given as they are founded."""

    def __init__(self) -> None:
        self.orgs: list[Org] = []
        self.parents: list[OrgParent] = []
        self.successions: list[OrgSuccession] = []
        self.former_names: list[OrgName] = []
        self.named: dict[str, Org] = {}
        self.parent: dict[Org, Org] = {}

    def found(
        self,
        name: str,
        kind: str,
        parent: Org | None = None,
        *,
        short_name: str = "",
        category: str | None = None,
        since: date = FOUNDED,
        until: date | None = None,
    ) -> Org:
        pk = len(self.orgs) + 1
        org = Org(
            pk=pk,
            name=name,
            short_name=short_name or name,
            kind=kind,
            category=category,
            external_code=f"SL{pk:04}",
            valid_from=since,
            valid_to=until,
            path=f"{parent.path if parent else ''}{pk}/",
            sort_key=names.sort_key(name),
        )
        self.orgs.append(org)
        self.named[name] = org
        if parent:
            self.parent[org] = parent
            self.parents.append(
                OrgParent(org=org, parent=parent, valid_from=since, valid_to=until)
            )
        return org

    def branch(
        self,
        name: str,
        parent: Org,
        category: str,
        since: date = FOUNDED,
        until: date | None = None,
    ) -> Org:
        return self.found(name, "branch", parent, category=category, since=since, until=until)

    def of(self, *kinds: str) -> list[Org]:
        return [org for org in self.orgs if org.kind in kinds]

    def branches(self, below: Org, day: date | None = None, category: str = "") -> list[Org]:
        """The branches below an organisation (by today's tree) that exist on the day."""
        return [
            org
            for org in self.of("branch")
            if org.path.startswith(below.path)
            and (day is None or org.exists_on(day))
            and (not category or org.category == category)
        ]

    def college(self, name: str) -> Org:
        return self.named[f"{name}党委"]


def grow() -> Tree:
    tree = Tree()
    school = tree.found(SCHOOL, "school_committee")
    for place, name in enumerate(COLLEGES):
        _college(tree, school, place, name)
    office = tree.found("机关党委", "office_committee", school)
    for n in numerals(OFFICE_BRANCHES):
        tree.branch(f"机关第{n}党支部", office, "staff")
    for name, (category, count) in GENERAL.items():
        general = tree.found(f"{name}党总支", "general_branch", school)
        for n in numerals(count):
            tree.branch(f"{name}第{n}党支部", general, category)
    for name, category in DIRECT.items():
        tree.branch(f"{name}直属党支部", school, category)
    _rename(tree, tree.named[f"{RENAMED}直属党支部"])
    _move(tree, tree.branch(MOVED, office, "staff"), tree.named["图书馆党总支"])
    for name in GROUPED:
        for n in numerals(2):
            tree.found(f"{name}第{n}党小组", "group", tree.named[name])
    return tree


def _college(tree: Tree, school: Org, place: int, name: str) -> None:
    college = tree.found(f"{name}党委", "college_committee", school, short_name=name)
    for n in numerals(4 if place % 5 < 2 else 3):
        tree.branch(f"{name}教师第{n}党支部", college, "faculty")
    if place % 2:
        tree.branch(f"{name}行政党支部", college, "staff")
    if name not in RECUT_COLLEGES:
        for n in numerals(5 if place % 4 else 4):
            tree.branch(f"{name}学生第{n}党支部", college, "student")
        return
    for years, grade in enumerate(GRADES):
        since = add_months(date(2018, 9, 10), 12 * (years % 3))
        tree.branch(f"{name}{grade}党支部", college, "student", since, RECUT)
    for n in numerals(5):
        tree.branch(f"{name}学生第{n}党支部", college, "student", RECUT)


def _rename(tree: Tree, org: Org) -> None:
    """Let an organisation have had another name until a day."""
    then = org.name.replace(RENAMED, FORMERLY)
    tree.former_names.append(
        OrgName(
            org=org, name=then, short_name=then, valid_from=org.valid_from, valid_to=RENAMED_ON
        )
    )


def _move(tree: Tree, org: Org, to: Org) -> None:
    """Hang a branch elsewhere from a day on: the tree as it was then, and as it is now."""
    before = next(span for span in tree.parents if span.org_id == org.pk)
    before.valid_to = MOVED_ON
    tree.parents.append(OrgParent(org=org, parent=to, valid_from=MOVED_ON))
    tree.parent[org] = to
    org.path = f"{to.path}{org.pk}/"


def numerals(count: int) -> Iterator[str]:
    for n in range(1, count + 1):
        yield NUMERALS[n - 1] if n <= 10 else "十" + NUMERALS[n - 11]
