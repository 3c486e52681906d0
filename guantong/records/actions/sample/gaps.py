"""What is planted in the sample school: one line per cell of the ledger worth showing.

The builder reads this table to leave things out; tests and the guided tour read it to find them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from guantong.periods import Period, add_months

SCHOOL = "示例大学党委"


@dataclass(frozen=True)
class Gap:
    """A cell of the live ledger: obligation, organisation (and whose), period, verdict.

    `post` or `number` name the person. `kind`: activities of this kind are left out for the
    organisation or person in the period; with `entered` they are held, but put on record only
    on that day.
    """

    obligation: str
    org: str
    period: Period
    verdict: str
    says: str
    post: str = ""
    number: str = ""
    kind: str = ""
    entered: date | None = None


def _months(year: int, month: int, length: int) -> Period:
    start = date(year, month, 1)
    return Period(start, add_months(start, length))


def _month(year: int, month: int) -> Period:
    return _months(year, month, 1)


def _term(elected: date, runs_out: date) -> Period:
    return Period(elected, date.fromordinal(runs_out.toordinal() + 1))


Y22, Y23 = _months(2022, 1, 12), _months(2023, 1, 12)
SPRING22, AUTUMN22, SPRING23 = _months(2022, 2, 6), _months(2022, 8, 6), _months(2023, 2, 6)
Q3, Q2_23 = _months(2022, 7, 3), _months(2023, 4, 3)

# Persons with a part to play: 学工号 -> the branch they belong to.
CAST = {
    "SL90001": "文学院教师第二党支部",  # signs in as zhishu
    "SL90002": "文学院教师第二党支部",  # signs in as dangyuan
    "SL90003": "文学院教师第一党支部",  # signs in as xueyuan
    "SL90004": "机关第二党支部",  # signs in as zuzhibu
    "SL90005": "经济学院教师第一党支部",
    "SL90006": "离退休第二党支部",
    "SL90007": "经济学院学生第一党支部",
    "SL90008": "地理学院学生第二党支部",
    "SL90009": "机关第五党支部",
    "SL90010": "后勤第二党支部",
    "SL90011": "教育学院教师第一党支部",
    "SL90012": "马克思主义学院行政党支部",
}
APPOINTED = {
    ("文学院教师第二党支部", "secretary"): "SL90001",
    ("文学院党委", "deputy_secretary"): "SL90003",
    ("马克思主义学院党委", "secretary"): "SL90012",
    (SCHOOL, "committee_member"): "SL90009",
    ("后勤第二党支部", "secretary"): "SL90010",
}
# How often somebody comes, where it is not left to chance.
HABITS = {
    **{"SL90001": 1.0, "SL90002": 1.0, "SL90003": 1.0, "SL90004": 1.0, "SL90011": 1.0},
    "SL90012": 1.0,
    **{"SL90005": 0.3, "SL90007": 0.55, "SL90008": 1.0, "SL90009": 0.9, "SL90010": 0.3},
}
# Branches that always meet late in the month.
MEETS_ON = {"文学院教师第二党支部": 22}
# Theme days whose hours nobody wrote down: branch and month.
HOURS_UNKNOWN = {
    ("经济学院学生第一党支部", date(2022, 10, 1)),
    ("地理学院学生第二党支部", date(2023, 3, 1)),
}

BRANCH_GAPS = (
    Gap("theme-day", "文学院教师第二党支部", _month(2022, 8), "short",
        "八月没有开展主题党日", kind="theme_day"),
    Gap("theme-day", "数学学院学生第二党支部", _month(2023, 2), "short",
        "寒假里漏了一个月", kind="theme_day"),
    Gap("theme-day", "后勤第一党支部", _month(2022, 7), "short",
        "暑假里漏了一个月", kind="theme_day"),
    Gap("theme-day", "图书馆第二党支部", _month(2022, 11), "met",
        "开展了，次年一月才补录：算已完成，标明补录", kind="theme_day",
        entered=date(2023, 1, 10)),
    Gap("theme-day", "文学院教师第二党支部", _month(2023, 6), "due",
        "六月的主题党日定在下旬，还没到"),
    Gap("branch-assembly", "体育学院教师第三党支部", Q3, "short",
        "三季度没有召开党员大会", kind="branch_assembly"),
    Gap("branch-assembly", "文学院教师第二党支部", Q2_23, "due",
        "二季度的党员大会定在六月下旬"),
    Gap("party-lecture", "图书馆第一党支部", Q3, "short",
        "三季度没有上党课", kind="party_lecture"),
    Gap("branch-committee-meeting", "教育学院教师第二党支部", _month(2022, 5), "short",
        "五月没有召开支委会", kind="branch_committee"),
    Gap("org-life-meeting", "土木工程学院学生第三党支部", Y22, "short",
        "全年没有召开组织生活会", kind="org_life_meeting"),
    Gap("appraisal", "土木工程学院学生第三党支部", Y22, "short",
        "全年没有民主评议党员", kind="appraisal"),
    Gap("yearly-talk", "外国语学院学生第二党支部", Y22, "short",
        "全年没有登记谈心谈话", kind="talk"),
    Gap("group-meeting", "离退休第二党支部第一党小组", _month(2022, 8), "short",
        "八月没有开党小组会", kind="group_meeting"),
    Gap("branch-size", "离退休第一党支部", Y22, "short", "党员 54 人，超过 50 人"),
    Gap("branch-min-members", "美术学院教师第三党支部", Y22, "short",
        "年底正式党员只有两名"),
    Gap("branch-min-members", "美术学院教师第三党支部", Y23, "met",
        "预备党员三月转正，满三名"),
    Gap("branch-secretary", "音乐学院教师第二党支部", Y22, "short",
        "书记十月卸任，年底还没补选"),
    Gap("branch-secretary", "音乐学院教师第二党支部", Y23, "met", "三月补选了书记"),
    Gap("committee-required", "计算机学院学生第五党支部", Y22, "short",
        "九月新设支部，年底还没选举支委会"),
    Gap("committee-required", "计算机学院学生第五党支部", Y23, "met", "次年二月选举"),
)  # fmt: skip

TERM_GAPS = (
    Gap("branch-term", "化学学院教师第一党支部",
        _term(date(2019, 4, 12), date(2022, 4, 12)), "late", "换届迟了两个多月"),
    Gap("branch-term", "物理学院教师第一党支部",
        _term(date(2020, 3, 10), date(2023, 3, 10)), "short", "已届满三个月，没有换届"),
    Gap("branch-term", "生命科学学院教师第二党支部",
        _term(date(2019, 9, 20), date(2022, 12, 20)), "met", "经批准延期，期内换届"),
    Gap("branch-term", "文学院教师第二党支部",
        _term(date(2020, 7, 5), date(2023, 7, 5)), "due", "二十天后届满"),
    Gap("committee-term", "教育学院党委",
        _term(date(2017, 5, 18), date(2022, 5, 18)), "late", "换届迟了七周"),
)  # fmt: skip

COMMITTEE_GAPS = (
    Gap("activist-analysis", "音乐学院党委", Y22, "short",
        "全年没有分析积极分子队伍", kind="activist_analysis"),
    Gap("central-group-study", "美术学院党委", Q3, "short",
        "三季度中心组没有学习", kind="central_group_study"),
    Gap("duty-self-check", "管理学院党委", AUTUMN22, "short",
        "下半年没有对照清单自查", kind="self_check"),
    Gap("emergency-plan", "地理学院党委", Y22, "short", "没有应急处置方案"),
    Gap("college-deputy-secretary", "体育学院党委", Y22, "short", "专职副书记空缺"),
    Gap("college-deputy-secretary", "体育学院党委", Y23, "met", "次年二月到任"),
    Gap("college-deputy-secretary", "生命科学学院党委", Y23, "unknown",
        "副书记是否专职没有登记"),
    Gap("college-organisers", "医学院党委", Y22, "short", "组织员是兼职"),
    Gap("double-leader-coverage", SCHOOL, Y22, "short",
        "一名教师支部书记不是双带头人，一个支部书记空缺"),
    Gap("double-leader-coverage", SCHOOL, Y23, "unknown",
        "一名新任教师支部书记是否双带头人没有登记"),
    Gap("full-time-staff-ratio", SCHOOL, Y22, "short", "专职人员不到师生总数的 1%"),
    Gap("full-time-staff-ratio", SCHOOL, Y23, "met", "补充人员后达到 1%"),
    Gap("contact-point-colleges", SCHOOL, Y22, "short", "音乐学院没有领导干部联系"),
    Gap("institutions-supervision", SCHOOL, Y23, "due", "监督类制度三月到期，还没修订"),
    Gap("dues-inspection", SCHOOL, Y23, "due", "党费检查安排在下半年",
        kind="dues_inspection"),
)  # fmt: skip

PERSON_GAPS = (
    Gap("top-leader-lecture", "外国语学院党委", AUTUMN22, "short",
        "院长下半年没有讲党课", post="dean", kind="party_lecture"),
    Gap("top-leader-lecture", "文学院党委", SPRING23, "due",
        "院长本学期的党课还没讲", post="dean", kind="party_lecture"),
    Gap("top-leader-ideology-course", "法学院党委", AUTUMN22, "short",
        "书记下半年没有讲思政课", post="secretary", kind="ideology_course"),
    Gap("leading-cadre-lecture-branch", "化学学院党委", Y22, "short",
        "院长全年没有讲党课", post="dean", kind="party_lecture"),
    Gap("leading-cadre-lecture-contact-point", SCHOOL, Y22, "short",
        "副书记全年没有讲党课", post="deputy_secretary", kind="party_lecture"),
    Gap("committee-member-convenes", SCHOOL, Y22, "short",
        "一名委员没有召集分管部门研究党建", number="SL90009", kind="department_meeting"),
    Gap("leading-cadre-org-life", "马克思主义学院党委", Y22, "short",
        "书记没有参加所在支部的组织生活会", number="SL90012", kind="org_life_meeting"),
    Gap("leader-study-hours", "后勤第二党支部", Y22, "short",
        "书记全年学时不足", number="SL90010"),
    Gap("leader-central-training", "后勤第二党支部", Y22, "short",
        "书记没有参加集中培训", number="SL90010", kind="central_training"),
    Gap("member-study-hours", "经济学院教师第一党支部", Y22, "short",
        "访学大半年，学时不足", number="SL90005"),
    Gap("member-study-hours", "经济学院学生第一党支部", Y22, "unknown",
        "一次主题党日没有登记学时，够不够还不知道", number="SL90007"),
    Gap("member-study-hours", "地理学院学生第二党支部", Y23, "unknown",
        "三月的主题党日没有登记学时", number="SL90008"),
    Gap("member-study-hours", "离退休第二党支部", Y22, "exempt",
        "年老体弱，支部已登记免于硬性要求", number="SL90006"),
    Gap("member-study-hours", "教育学院教师第一党支部", Y22, "met",
        "每次都到，全年达标", number="SL90011"),
    Gap("member-study-hours", "文学院教师第二党支部", Y23, "due",
        "今年学时还在累计", number="SL90002"),
)  # fmt: skip

GAPS = (*BRANCH_GAPS, *TERM_GAPS, *COMMITTEE_GAPS, *PERSON_GAPS)
NAMED = frozenset(gap.org for gap in GAPS)


def planted(kind: str, day: date) -> Iterator[Gap]:
    """The lines that concern activities of a kind on a day."""
    return (gap for gap in GAPS if gap.kind == kind and day in gap.period)


def hours_unknown(org: str, day: date) -> bool:
    return (org, day.replace(day=1)) in HOURS_UNKNOWN
