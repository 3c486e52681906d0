"""An obligation in plain Chinese: who owes it, what counts, on what basis.

Conditions are worded by `words`; figures and periods of single entries by the pages.
"""

from guantong.obligations import model as m
from guantong.obligations.words import Words
from guantong.periods import Every

EVERY = {
    Every.MONTH: "每月",
    Every.QUARTER: "每季度",
    Every.SEMESTER: "每学期",
    Every.YEAR: "每年",
    Every.PLAN_YEAR: "每个计划年度",
    Every.TERM: "每届任期",
}
DIFFERENT = {None: "次数", m.Different.KIND: "种类数", m.Different.DAY: "天数"}
BOUND = {m.Bound.AT_LEAST: "不少于", m.Bound.AT_MOST: "不超过"}
LEVEL = {"must": "必须", "generally": "一般应当"}
CONFIDENCE = {
    "PLAN": "计划自身的要求",
    "A": "已核对条文",
    "B": "据二手资料",
    "C": "待核对，可关闭",
    "L": "外校或地方做法，可关闭",
}
UNSURE = {"C": "待核对", "L": "外校或地方做法"}
STATES = {
    "posts": "在任人数",
    "memberships": "党员人数",
    "terms": "在任期内的届数",
    "relations": "联系关系数",
    "documents": "有效制度数",
    "budgets": "当年预算项目数",
    "orgs": "下属组织数",
}


def rhythm(o: m.Obligation) -> str:
    """How often, or until when."""
    match o.every:
        case Every.ROLLING:
            return f"每月，连同之前共 {o.rhythm.months} 个月"
        case Every.WITHIN:
            began = {m.OrgBearer: "成立", m.MemberBearer: "成为党员", m.PostBearer: "任职"}
            return f"{began[type(o.bearer)]}后 {o.rhythm.days} 天内"
        case Every.ONCE:
            assert o.rhythm.once is not None
            return f"{o.rhythm.once.last_day} 前一次"
        case every:
            return EVERY[every]


def bearer(o: m.Obligation, rules: m.Catalogue) -> str:
    match o.bearer:
        case m.OrgBearer(when):
            text = Words(rules, "orgs").condition(when) + "的党组织"
        case m.MemberBearer(when, without):
            text = Words(rules, "memberships").condition(when) + "的党员"
            text += (
                f"（不含{Words(rules, 'posts').condition(without)}的任职者）" if without else ""
            )
        case m.PostBearer(when, on_day, linked):
            held = "期末在任" if on_day else "期内任职满一个整月"
            text = f"{held}、{Words(rules, 'posts').condition(when)}的任职者"
            text += f"，且有{rules.label('relations', linked)}" if linked else ""
    having = "，".join(f"{measured(h.state, rules)}不少于 {h.at_least}" for h in o.having)
    return text + (f"，{having}" if having else "")


def exempt(o: m.Obligation, rules: m.Catalogue) -> str:
    tables = {m.OrgBearer: "orgs", m.MemberBearer: "memberships", m.PostBearer: "posts"}
    return Words(rules, tables[type(o.bearer)]).condition(o.exempt) if o.exempt else ""


def measured(measure: m.Measure, rules: m.Catalogue) -> str:
    match measure:
        case m.CountActivities(where, different):
            what, words = DIFFERENT[different], Words(rules, "activities")
            own = f"、{words.own(measure.own)}" if measure.own else ""
            return f"本组织主办、{words.condition(where)}{own}的活动{what}"
        case m.Reached(where):
            return f"参加过本组织主办、{Words(rules, 'attendances').condition(where)}的活动的人数"
        case m.CaseTime(where, days):
            words = Words(rules, "cases", measure.process)
            return f"办理中、{words.condition(where)}且已超过 {days} 天的事项数"
        case m.Attended(where, hours, hosted_by, different):
            place = {
                None: "",
                m.HostedBy.OWN_BRANCH: "、由所在支部主办",
                m.HostedBy.CONTACT_POINT: "、由联系点主办",
                m.HostedBy.OWN_ORG: "、由任职组织主办",
            }[hosted_by]
            what = "学时之和" if hours else DIFFERENT[different]
            return f"本人参加、{Words(rules, 'attendances').condition(where)}{place}的活动{what}"
        case m.State(table, where):
            return f"当日{STATES[table]}（{Words(rules, table).condition(where)}）"
        case m.Ratio(of, to):
            top, under = (" + ".join(rules.label("figures", n) for n in part) for part in (of, to))
            return f"{top} ÷ （{under}），取最近一次统计"
        case m.Coverage(of, by):
            whole = Words(rules, "orgs").condition(of)
            return f"下属{whole}的组织中，有“{measured(by, rules)}”的所占比例"
        case m.NextTerm():
            return "届满日（含批准延期）之前已选出下一届"


def cited(basis: m.Basis, rules: m.Catalogue) -> str:
    """Return 《…》第 16 条, or the path of a plan's clause in place of the article."""
    title = str(rules.regulations[basis.instrument]["title"])
    if basis.place.isdigit():
        return f"{title}第 {basis.place} 条"
    return f"{title} {basis.place}".rstrip()


def reading_tag(o: m.Obligation) -> str:
    """How sure the ground of its reading is, where that is not sure; empty otherwise."""
    return UNSURE.get(o.reading.confidence, "") if o.reading else ""
