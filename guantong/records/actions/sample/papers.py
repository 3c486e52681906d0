"""What the sample school keeps on file: links, figures and institution documents."""

from dataclasses import dataclass, field
from datetime import date

from guantong.records.actions.sample import days, gaps
from guantong.records.actions.sample.offices import Offices
from guantong.records.actions.sample.tree import COLLEGES, RECUT_COLLEGES
from guantong.records.models import Document, Figure, Org, Person, Relation

LINKED = date(2021, 3, 1)
LINKED_LATE = {"音乐学院": date(2023, 2, 15)}
NO_EMERGENCY_PLAN = "地理学院"
COUNTED = (date(2021, 12, 31), date(2022, 10, 31), date(2023, 3, 31))
FIGURES = {  # on the three days
    "staff": (1846, 1872, 1880),
    "students": (21960, 22140, 22080),
    "party_staff_full_time": (228, 236, 246),
    "counsellors_full_time": (109, 112, 114),
}
DOCUMENTS = (  # class, title, in force from, no longer from
    ("org_structure", "党组织设置和换届办法", date(2021, 10, 8), None),
    ("org_structure", "二级党组织设置暂行办法", date(2014, 5, 6), date(2021, 10, 8)),
    ("org_life", "组织生活实施细则", date(2020, 9, 1), None),
    ("org_life", "主题党日工作指引", date(2022, 3, 21), None),
    ("org_operation", "党委会议事规则", date(2021, 6, 15), None),
    ("org_operation", "党政联席会议事规则", date(2021, 11, 2), None),
    ("org_management", "党员发展和教育管理办法", date(2019, 12, 18), None),
    ("org_management", "党费收缴使用管理办法", date(2020, 4, 9), None),
    ("org_supervision", "党建工作督查暂行办法", date(2020, 4, 1), date(2023, 4, 1)),
    ("emergency_plan", "维护稳定应急处置方案", date(2021, 3, 30), None),
)


@dataclass
class Papers:
    relations: list[Relation] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    contact: dict[Person, Org] = field(default_factory=dict)
    """Of each who has contact points, the one where he lectures."""

    def link(self, person: Person, org: Org, since: date) -> None:
        self.relations.append(
            Relation(kind="contact_point", person=person, other_org=org, valid_from=since)
        )
        self.contact.setdefault(person, org)


def file_papers(offices: Offices) -> Papers:
    papers = Papers()
    _contact_points(papers, offices)
    _pairs(papers, offices)
    _figures(papers, offices)
    _documents(papers, offices)
    return papers


def _contact_points(papers: Papers, offices: Offices) -> None:
    """School leaders look after colleges, college secretaries after a branch of theirs."""
    tree = offices.tree
    leaders = offices.holders(tree.named[gaps.SCHOOL], days.SINCE, "leading_cadre")
    for place, name in enumerate(COLLEGES):
        college = tree.college(name)
        leader = leaders[place % len(leaders)]
        papers.link(leader, college, LINKED_LATE.get(name, LINKED))
        category = "教师第三" if name in RECUT_COLLEGES else "学生第一"
        secretary = offices.holder(college, days.SINCE, "secretary")
        assert secretary
        papers.link(secretary, tree.named[f"{name}{category}党支部"], LINKED)


def _pairs(papers: Papers, offices: Offices) -> None:
    """A teachers' and a students' branch of a college; older and younger teachers."""
    tree = offices.tree
    for name in COLLEGES:
        first, second = (tree.named[f"{name}{who}第一党支部"] for who in ("教师", "学生"))
        papers.relations.append(
            Relation(
                kind="pairing",
                org=first,
                other_org=second,
                valid_from=max(second.valid_from, date(2021, 9, 1)),
                note="每学期共同开展一次活动",
            )
        )
        by_age = sorted(offices.steady(first), key=lambda p: (p.birth_date, p.pk))
        papers.relations.append(
            Relation(
                kind="mentor",
                person=by_age[0],
                other_person=by_age[-1],
                valid_from=date(2022, 3, 1),
            )
        )


def _figures(papers: Papers, offices: Offices) -> None:
    school = offices.tree.named[gaps.SCHOOL]
    for name, values in FIGURES.items():
        papers.figures += [
            Figure(org=school, name=name, as_of=day, value=value, source="示例数据")
            for day, value in zip(COUNTED, values, strict=True)
        ]
    for place, college in enumerate(offices.tree.of("college_committee")):
        for day in COUNTED[1:]:
            count = {"staff": 62 + 5 * (place % 7), "students": 940 + 60 * (place % 9)}
            papers.figures += [
                Figure(org=college, name=name, as_of=day, value=value, source="示例数据")
                for name, value in count.items()
            ]


def _documents(papers: Papers, offices: Offices) -> None:
    tree = offices.tree
    school = tree.named[gaps.SCHOOL]
    for place, (doc_class, title, since, until) in enumerate(DOCUMENTS, start=1):
        papers.documents.append(
            Document(
                org=school,
                doc_class=doc_class,
                title=title,
                number=f"示例〔{since.year}〕{place} 号",
                valid_from=since,
                valid_to=until,
                review_due=None if until else date(since.year + 3, since.month, since.day),
            )
        )
    papers.documents += [
        Document(
            org=tree.college(name),
            doc_class="emergency_plan",
            title=f"{name}应急处置方案",
            valid_from=date(2021, 4, 20),
        )
        for name in COLLEGES
        if name != NO_EMERGENCY_PLAN
    ]
