"""What the steps of an election do to terms and posts: whom the tally elected takes office.

A by-election fills what fell vacant; the term, and whoever else is in office, stay as they are.
"""

from collections.abc import Mapping
from typing import Any

from guantong.records import case_facts
from guantong.records.access import Refused
from guantong.records.actions import posts, terms
from guantong.records.actions.case_done import Done
from guantong.records.models import Person, Post
from guantong.records.models.membership import PostQuerySet


def extend(done: Done) -> None:
    term = (
        done.case.org.terms.filter(elected_on__lte=done.case.opened_on)
        .order_by("elected_on")
        .last()
    )
    if term is None:
        raise Refused("没有登记现任这一届的届期，请先在组织页登记。")
    terms.extend(
        by=None, term=term, extended_to=done.earlier("ask_extension", "extended_to"),
        approval=str(done.asked["approval"]), approved_on=done.on,
    )  # fmt: skip


def elected(done: Done) -> None:
    if case_facts.by_election(done.case):
        return  # the term goes on
    terms.record(by=None, org=done.case.org, elected_on=done.day_of("hold"))


def take_office(done: Done) -> None:
    """From the hand-over on the new ones are in office; till then the old ones act.

    The committee is whom the user lists: proposed from the tally, which knows names alone. Nobody
    listed: the committee stays as it is. A branch without one names its secretary here.
    """
    offices = {
        "secretary": done.earlier("constitute", "secretary") or done.asked.get("secretary"),
        "deputy_secretary": done.earlier("constitute", "deputy"),
    }
    named = case_facts.listed(done.case, str(done.asked.get("members") or ""), done.on)
    _require_as_elected(done, named, {pk for pk in offices.values() if isinstance(pk, int)})
    if named:
        _seat(done, named)
    _lead(done, offices)


def appointed(done: Done) -> None:
    _lead(done, {"secretary": done.told("secretary"), "deputy_secretary": done.told("deputy")})


def _require_as_elected(done: Done, named: frozenset[int], leaders: set[int]) -> None:
    """As many take office as the tally elected, each once; whoever is not listed stays."""
    names, there = case_facts.names_elected(done.case), set(named)
    if both := Person.objects.filter(pk__in=named & leaders).first():
        says = f"{both.name}已是书记或副书记，不要再列入委员。"
        raise Refused(says, {"members": says})
    if case_facts.by_election(done.case):
        chosen = Person.objects.filter(pk__in=leaders, name__in=names)
        leaders = set(chosen.values_list("pk", flat=True))
    elif not done.earlier("constitute", "secretary"):
        return  # without a committee the tally elects the secretary alone
    elif not named:
        there = {one.person_id for one in _seated(done)}
    if len(there | leaders) != len(names):
        says = f"选出 {len(names)} 名，就任的是 {len(there | leaders)} 名。"
        says += "请核对姓名；名册里没有的，先登记组织关系。"
        raise Refused(says, {"members": says})


def _lead(done: Done, offices: Mapping[str, Any]) -> None:
    org = done.case.org
    for post, pk in offices.items():
        held = list(Post.objects.on(done.on).filter(org=org, post=post))
        for one in held:
            if pk is not None and one.person_id != pk:
                posts.end(by=None, post=one, on=done.on)
        if pk is not None and pk not in {one.person_id for one in held}:
            person = Person.objects.get(pk=pk)
            posts.appoint(by=None, person=person, org=org, post=post, valid_from=done.on)


def _seated(done: Done) -> PostQuerySet:
    return Post.objects.on(done.on).filter(org=done.case.org, post="committee_member")


def _seat(done: Done, named: frozenset[int]) -> None:
    there = {one.person_id: one for one in _seated(done)}
    for pk in () if case_facts.by_election(done.case) else there.keys() - named:
        posts.end(by=None, post=there[pk], on=done.on)
    for person in Person.objects.filter(pk__in=named - there.keys()).in_order():
        posts.appoint(
            by=None, person=person, org=done.case.org, post="committee_member", valid_from=done.on
        )
