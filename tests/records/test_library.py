"""The institution library: what follows what, checks, what is lacking and what is due."""

from datetime import date
from typing import Any

from guantong.records import library
from guantong.records.actions import documents
from guantong.records.models import Document, Org
from tests.factories import SINCE, TODAY, Cast
from tests.records.conftest import one_event, refused


def record(org: Org, **more: Any) -> Document:
    given = {"doc_class": "org_life", "title": "组织生活细则", "valid_from": SINCE, **more}
    return documents.record(by=None, org=org, **given)


def test_a_document_is_followed_by_another(cast: Cast) -> None:
    old = record(cast.college)
    given = {"title": "组织生活细则（修订）", "number": "甲党〔2023〕1 号", "on": date(2023, 5, 1)}
    with refused("权限"):
        documents.replace(by=cast.secretary, document=old, **given)
    with one_event("document.replaced"):
        new = documents.replace(by=cast.officer, document=old, **given)
    old.refresh_from_db()
    assert (old.valid_to, old.replaced_by, new.doc_class) == (new.valid_from, new, "org_life")
    with refused("已于 2023-05-01 停止执行"):
        documents.replace(by=cast.officer, document=old, **given)


def test_a_problem_stays_open_until_it_is_put_right(cast: Cast) -> None:
    document = record(cast.college)
    given = {"document": document, "found": "会议没有记录", "problem": True}
    with refused("权限"):
        documents.check(by=cast.outsider, on_day=TODAY, **given)
    with refused("不在执行"):
        documents.check(by=cast.officer, on_day=date(2021, 12, 31), **given)
    with one_event("document.checked"):
        check = documents.check(by=cast.officer, on_day=date(2023, 3, 1), **given)

    def listed(state: str) -> list[Document]:
        return list(library.narrowed(Document.objects.all(), state, TODAY))

    assert listed("problem") == [document]
    assert listed("unchecked") == []
    with refused("不早于检查"):
        documents.close_problem(
            by=cast.officer, check=check, closed_on=date(2023, 2, 1), closed_how="补齐"
        )
    with one_event("document.problem_closed"):
        documents.close_problem(by=cast.officer, check=check, closed_on=TODAY, closed_how="补齐")
    assert listed("problem") == []
    fine = documents.check(by=cast.officer, document=document, on_day=TODAY, found="执行良好")
    with refused("没有待整改"):
        documents.close_problem(by=cast.officer, check=fine, closed_on=TODAY, closed_how="补齐")


def test_coverage_counts_what_is_in_force(cast: Cast) -> None:
    record(cast.college)
    record(cast.college, doc_class="org_structure", valid_to=date(2023, 6, 1))
    orgs = library.second_level(Org.objects.all(), TODAY)
    rows = {row.org: row for row in library.coverage(orgs, TODAY)}
    assert set(rows) == {cast.school, cast.college, cast.other_college}  # no branch
    assert rows[cast.college].counts == {"org_life": 1}
    assert rows[cast.college].lacks == ["组织设置", "组织运行", "组织管理", "组织监督"]
    assert len(rows[cast.school].lacks) == 5


def test_what_is_to_be_reviewed_is_due(cast: Cast) -> None:
    late = record(cast.college, review_due=date(2023, 6, 1))
    record(cast.college, review_due=date(2023, 12, 1))
    record(cast.college, review_due=date(2023, 6, 1), valid_to=date(2023, 5, 1))
    soon = record(cast.school, review_due=date(2023, 8, 1))
    assert library.due([cast.college.pk, cast.school.pk], TODAY) == [late, soon]
