"""Two people open one form and both save: the second sees what changed before it is changed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from guantong.records.actions import (
    documents,
    figures,
    memberships,
    money,
    orgs,
    posts,
    relations,
    terms,
)
from guantong.records.models import Document, Org, Relation, Term, User
from tests.factories import SINCE, TODAY, Cast, make_person, owner
from tests.web.answers import filled, shown

type SignIn = Callable[[User], Client]
LATER = date(2023, 12, 1)


def _rename(c: Cast) -> Any:
    orgs.rename(by=None, org=c.branch, name="新名", on=TODAY)


def _describe(c: Cast) -> Any:
    orgs.describe(by=None, org=c.branch, units="甲系\n乙系", term_years=None)


def _move(c: Cast) -> Any:
    orgs.move(by=None, org=c.branch, parent=c.other_college, on=TODAY)


def _figure(c: Cast) -> Any:
    figures.record(by=None, org=c.branch, name="staff", as_of=TODAY, value=Decimal(12))


def _flags(c: Cast) -> Any:
    posts.set_flags(by=None, post=c.secretary_post, double_leader=True, full_time=None)


def _end_post(c: Cast) -> Any:
    posts.end(by=None, post=c.secretary_post, on=LATER)


def _extend(c: Cast) -> Any:
    terms.extend(
        by=None, term=Term.objects.get(), extended_to=LATER, approval="甲1号", approved_on=TODAY
    )


def _link(c: Cast) -> Any:
    relations.end(by=None, relation=Relation.objects.get(), on=LATER)


def _review(c: Cast) -> Any:
    documents.review(by=None, document=Document.objects.get(), review_due=LATER)


def _end_document(c: Cast) -> Any:
    documents.end(by=None, document=Document.objects.get(), on=LATER)


def _budget(c: Cast) -> Any:
    money.plan(by=None, org=c.branch, year=2023, title="培训", amount=Decimal(500))


def _span(c: Cast) -> Any:
    span = owner(c.member).memberships.get()
    memberships.correct(
        by=None, membership=span, org=span.org, status="full", valid_from=date(2022, 2, 1),
        valid_to=None, reason="记错",
    )  # fmt: skip


ORG = "/orgs/{branch}/"
FORMS: list[tuple[str, Callable[[Cast], Any], dict[str, str], str]] = [
    (f"{ORG}rename/", _rename, {"short_name": "简"}, "别人改成了“新名”，这里已换成新的"),
    (f"{ORG}describe/", _describe, {"term_years": "4", "reason": "批复"}, "“甲系\n乙系”，这里"),
    (f"{ORG}describe/", _describe, {"units": "丙系"}, "“甲系\n乙系”。要按您填的，再保存"),
    (f"{ORG}move/", _move, {"parent": "{college}"}, "现在的上级组织：您打开这一页以后，别人"),
    (f"{ORG}figures/", _figure, {"name": "staff", "value": "15"}, "已登记为“12”。要改成"),
    (f"{ORG}posts/{{post}}/", _flags, {"full_time": "yes"}, "别人改成了“是”，这里已换成新的"),
    (f"{ORG}posts/{{post}}/end/", _end_post, {}, "别人改成了“2023-12-01”"),
    (f"{ORG}terms/{{term}}/", _extend, {"extended_to": "2023-11-01", "approval": "乙1号",
     "approved_on": str(TODAY)}, "别人改成了“甲1号”。要按您填的"),
    (f"{ORG}relations/{{link}}/end/", _link, {}, "别人改成了“2023-12-01”"),
    ("/members/links/{link}/end/", _link, {}, "别人改成了“2023-12-01”"),
    (f"{ORG}documents/{{document}}/", _review, {}, "别人改成了“2023-12-01”"),
    (f"{ORG}documents/{{document}}/end/", _end_document, {}, "别人改成了“2023-12-01”"),
    (f"{ORG}budget/", _budget, {"title": "培训", "year": "2023", "amount": "800"}, "已登记为“500"),
    ("/members/{member}/spans/{span}/", _span, {"status": "probationary", "reason": "记错"},
     "别人改成了“2022-02-01”，这里已换成新的"),
]  # fmt: skip


@pytest.fixture
def ids(cast: Cast) -> dict[str, int]:
    """What the forms are about, in the cast's branch."""
    person = owner(cast.member)
    term = terms.record(by=None, org=cast.branch, elected_on=SINCE, expires_on=date(2023, 6, 1))
    document = documents.record(
        by=None, org=cast.branch, doc_class="org_structure", title="制度", valid_from=SINCE
    )
    leader = make_person("领导", cast.sibling)
    link = relations.record(
        by=None, kind="contact_point", person=leader, org=cast.branch, valid_from=SINCE
    )
    found: dict[str, Any] = {
        "branch": cast.branch, "college": cast.college, "post": cast.secretary_post, "term": term,
        "document": document, "link": link, "member": person, "span": person.memberships.get(),
    }  # fmt: skip
    return {name: row.pk for name, row in found.items()}


@pytest.mark.parametrize(
    ("where", "meanwhile", "typed", "told"), FORMS, ids=[form[0] for form in FORMS]
)
def test_what_changed_meanwhile_is_told_once_and_then_meant_so(
    cast: Cast,
    as_: SignIn,
    ids: dict[str, int],
    where: str,
    meanwhile: Callable[[Cast], Any],
    typed: dict[str, str],
    told: str,
) -> None:
    client, at = as_(cast.office), where.format(**ids)
    form = filled(client.get(at)) | {name: text.format(**ids) for name, text in typed.items()}
    meanwhile(cast)
    answer = client.post(at, form)
    assert answer.status_code == 409
    assert told in shown(answer)
    assert "再保存一次" in shown(answer)
    again = client.post(at, filled(answer))
    assert again.status_code == 302 or (again.status_code == 422 and "已" in shown(again))


def test_alone_nobody_is_asked(cast: Cast, as_: SignIn, ids: dict[str, int]) -> None:
    """Lines of a text come back from the browser with other ends than they were sent."""
    _describe(cast)
    client, at = as_(cast.office), f"/orgs/{cast.branch.pk}/describe/"
    form = {name: text.replace("\n", "\r\n") for name, text in filled(client.get(at)).items()}
    assert client.post(at, {**form, "term_years": "4", "reason": "批复"}).status_code == 302
    assert Org.objects.get(pk=cast.branch.pk).units == "甲系\n乙系"
