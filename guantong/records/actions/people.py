"""Entering people on the roll, correcting what is kept about them, opening what is sealed."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from guantong.records import access, catalogue, clock, id_number, lifecycle, names, sealing
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import events, memberships, rows, spans
from guantong.records.models import Event, Org, Person, Restricted, User

PLAIN = (
    "name", "gender", "birth_date", "schooling", "number", "joined_on", "full_member_on",
)  # fmt: skip
GENDERS = frozenset("0129")
LABELS = {field.name: str(field.verbose_name) for field in Person._meta.concrete_fields}
MOBILE_LENGTHS = range(7, 16)


@transaction.atomic
def register(
    *,
    by: User | None,
    org: Org,
    status: str,
    since: date,
    name: str,
    another: bool = False,
    **more: Any,
) -> Person:
    """Enter a person who belongs to a branch since a day.

    `more`: gender, birth_date, schooling, number, id_number, phone, address, joined_on,
    full_member_on.
    `another`: the user was asked, and it is not the person of the same name and birth date.
    """
    access.require(by, "member.edit", org)
    spans.require_come(since=since)
    given = _tidy({"name": name, **more})
    _refuse(_problems(Person(), given))
    if not another:
        _ask_about_doubles(by, given)
    plain = {field: value for field, value in given.items() if field in PLAIN}
    person = rows.insert(Person(**plain, **names.spelt(given["name"])))
    _seal(person, given)
    memberships.begin(person, org, status=status, on=since)
    sealed = _masked({field: value for field, value in given.items() if value})
    told = {**plain, **sealed, "org": org, "status": status, "since": since}
    events.leave("person.registered", person, by=by, org=org, after=told)
    memberships.refresh([org.pk], [person.pk], since)
    return person


@transaction.atomic
def correct(*, by: User | None, person: Person, **given: Any) -> Person:
    """Change some fields (see `register`); None empties one. Sealed values leave no trace."""
    access.require_person(by, "member.edit", person)
    person = rows.locked(person)
    given = _tidy(given)
    if _differing(person, given) & {"joined_on", "full_member_on"}:
        access.require_other(by, person.pk, "本人的入党时间和转正时间要由别人更正。")
    _refuse(_problems(person, given))
    sealed = {
        field: value for field, value in _masked(given).items()
        if (given[field] or "") != sealing.unseal(person, field)
    }  # fmt: skip
    plain = {field: value for field, value in given.items() if field in PLAIN}
    change = rows.change(
        person, **plain, **(names.spelt(given["name"]) if "name" in given else {})
    )
    _seal(person, {field: given[field] for field in sealed})
    if change.after or sealed:
        told = rows.Change(change.before, {**change.after, **sealed})
        events.leave("person.corrected", person, by=by, org=org_of(person), change=told)
    return person


@transaction.atomic
def reveal(*, by: User, person: Person, field: str, reason: str) -> str:
    """Return a sealed value in clear; that somebody looked, and why, is kept."""
    restricted = field in sealing.RESTRICTED
    access.require_person(by, "member.restricted" if restricted else "member.sealed", person)
    own = by.person_id == person.pk
    if not reason.strip() and not own:
        raise Refused("请写明查看理由。", {"reason": "请写明查看理由。"})
    if not own:
        _require_few_looks(by)
    row = Restricted.objects.filter(person=person).first() if restricted else person
    text = sealing.unseal(row, field) if row else ""
    reason = reason.strip() or "查看本人信息"
    events.leave("person.revealed", person, by=by, org=org_of(person), field=field, reason=reason)
    return text


@transaction.atomic
def hand_out(*, by: User, person: Person) -> dict[str, str]:
    """Return everything sealed about oneself in clear, to be taken along as a file."""
    access.require_person(by, "member.sealed", person)
    if by.person_id != person.pk:
        raise Forbidden("只能下载关于本人的内容。")
    restricted = Restricted.objects.filter(person=person).first()
    sealed = {name: sealing.unseal(person, name) for name in sealing.FIELDS}
    if restricted:
        sealed |= {name: sealing.unseal(restricted, name) for name in sealing.RESTRICTED}
    events.leave("person.handed_out", person, by=by, org=org_of(person))
    return sealed


def _require_few_looks(by: User) -> None:
    """So many looks within so many minutes; counted from the trail, one user at a time."""
    limits = catalogue.current().kinds["limits"]
    most, minutes = (limits[name]["value"] for name in ("reveals", "reveal_minutes"))
    User.objects.select_for_update().get(pk=by.pk)  # `by` may be a lazy one
    since = clock.now() - timedelta(minutes=minutes)
    looks = Event.objects.filter(by=by, verb="person.revealed", at__gte=since).order_by("at")
    own = f"person:{by.person_id}"
    seen = list(looks.exclude(subject=own).values_list("at", flat=True)[:most])
    if len(seen) < most:
        return
    again = timezone.localtime(seen[0] + timedelta(minutes=minutes))
    raise Refused(
        f"{minutes} 分钟内最多查看 {most} 次加密信息，您已到上限，{again:%H:%M} 以后可以再看。"
        "需要成批核对的，请联系学校党委组织部。"
    )


# What people type, made uniform and checked


def _tidy(given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = given.keys() - {*PLAIN, *sealing.FIELDS}
    assert not unknown, unknown
    tidy: dict[str, Any] = {
        k: (v.strip() or None) if isinstance(v, str) else v for k, v in given.items()
    }
    if tidy.get("name"):
        tidy["name"] = names.tidy(tidy["name"])
    if tidy.get("id_number"):
        tidy["id_number"] = id_number.tidy(tidy["id_number"])
    if tidy.get("phone"):
        tidy["phone"] = "".join(tidy["phone"].replace("-", " ").split())
    return tidy


def _problems(person: Person, given: Mapping[str, Any]) -> dict[str, str]:
    days = {
        field: given.get(field, getattr(person, field))
        for field in ("birth_date", "joined_on", "full_member_on")
    }
    differing = _differing(person, given)
    young = differing & {"birth_date", "joined_on"} and _was_minor(days)
    found = {
        "name": "请填写姓名。" if "name" in given and not given["name"] else "",
        "gender": "性别代码应为 0、1、2 或 9。" if _odd_gender(given.get("gender")) else "",
        "schooling": _odd_schooling(given.get("schooling")),
        "number": _taken(person, "number", given.get("number"), "这个学工号"),
        "id_number": _id_problem(person, given.get("id_number")),
        "phone": _phone_problem(given.get("phone")),
        "address": _address_problem(given.get("address")),
        **({"joined_on": "入党时不满 18 周岁，请核对出生日期和入党时间。"} if young else {}),
        **{name: told for name in days if name in given and (told := _day_problem(name, days))},
    }
    if differing & {"birth_date", "gender", "id_number"} and not found["id_number"]:
        unlike = _unlike_id(person, given)
        asked = unlike.keys() if "id_number" in differing else differing
        found |= {name: told for name, told in unlike.items() if name in asked}
    return {name: reason for name, reason in found.items() if reason}


def _differing(person: Person, given: Mapping[str, Any]) -> set[str]:
    """The fields that would be otherwise than they are; sealed ones always would."""
    return {name for name in given if (given[name] or None) != (getattr(person, name) or None)}


def _was_minor(days: Mapping[str, date | None]) -> bool:
    born, joined = days["birth_date"], days["joined_on"]
    return bool(born and joined and lifecycle.was_minor(born, joined))


def _unlike_id(person: Person, given: Mapping[str, Any]) -> dict[str, str]:
    """What an ID number says of itself: the day of birth, and the gender."""
    number = given.get("id_number") or sealing.unseal(person, "id_number")
    if not number or id_number.problem(number):
        return {}
    born = given.get("birth_date", person.birth_date)
    gender = given.get("gender", person.gender)
    found = {}
    if born and born != id_number.birth_date(number):
        found["birth_date"] = "与身份证号中的出生日期不符，请核对这两项。"
    if gender in ("1", "2") and gender != id_number.gender(number):
        found["gender"] = "与身份证号不符，请核对这两项。"
    return found


def _ask_about_doubles(by: User | None, given: Mapping[str, Any]) -> None:
    """One name and one birth date may be two people; the ID number, if both have one, tells."""
    same = Person.objects.filter(name=given["name"], birth_date=given.get("birth_date"))
    if given.get("birth_date") is None or by is None:
        return
    if given.get("id_number"):
        same = same.filter(id_index=None)
    if not same.exists():
        return
    seen = access.people(by, "member.view").filter(pk__in=same.values("pk"))
    branches = [org.short_name for one in seen if (org := org_of(one))]
    where = "、".join(branches) or "您的范围之外"
    reason = (
        f"名册中已有同名、同出生日期的人（{where}）。是同一人请不要重复登记；确是另一人请勾选。"
    )
    raise Refused(reason, {"another": reason})


def _odd_gender(gender: str | None) -> bool:
    return gender is not None and gender not in GENDERS


def _odd_schooling(code: str | None) -> str:
    known = catalogue.current().kinds["schooling"]
    return "" if code is None or code in known else "请从列出的学历里选。"


def _id_problem(person: Person, number: str | None) -> str:
    if not number:
        return ""
    if reason := id_number.problem(number):
        return f"{reason}。"
    return _taken(person, "id_index", sealing.id_index(number), "这个身份证号")


def _taken(person: Person, column: str, value: str | None, what: str) -> str:
    """Does not say by whom: that may be none of the user's business."""
    others = Person.objects.filter(Q(**{column: value})).exclude(pk=person.pk)
    if value is None or not others.exists():
        return ""
    return f"{what}已登记在另一名党员名下，请核对；确是同一人请联系学校党委组织部。"


def _address_problem(address: str | None) -> str:
    return "最多 200 个字，请删短。" if address and len(address) > 200 else ""


def _phone_problem(phone: str | None) -> str:
    if not phone:
        return ""
    digits = phone.removeprefix("+")
    right = digits.isascii() and digits.isdigit() and len(digits) in MOBILE_LENGTHS
    return "" if right else "手机号只能是 7-15 位数字。"


def _day_problem(name: str, days: Mapping[str, date | None]) -> str:
    day, born, joined = days[name], days["birth_date"], days["joined_on"]
    if day is None:
        return ""
    if day > clock.today():
        return "日期在今天之后，请核对。"
    if name == "joined_on" and born and day <= born:
        return "入党时间早于出生日期，请核对。"
    if name == "full_member_on" and joined and day <= joined:
        return "转正时间应在入党时间之后，请核对。"
    return ""


def _refuse(found: Mapping[str, str]) -> None:
    if found:
        raise Refused.about(found, LABELS)


# What is written


def _seal(person: Person, given: Mapping[str, Any]) -> None:
    fields = [field for field in sealing.FIELDS if field in given]
    for field in fields:
        sealing.seal(person, field, given[field] or "")
    if fields:
        person.save(update_fields=[*fields, "id_index"])


def _masked(given: Mapping[str, Any]) -> dict[str, str]:
    """What the trail says of sealed fields: that they were set or emptied, never to what."""
    return {f: "已加密保存" if given[f] else "已清空" for f in sealing.FIELDS if f in given}


def org_of(person: Person) -> Org | None:
    last = person.memberships.select_related("org").order_by("valid_from").last()
    return last.org if last else None
