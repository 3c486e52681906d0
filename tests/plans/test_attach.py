from guantong.plans.attach import attach
from guantong.plans.load import text_lines
from guantong.plans.model import Clause, Source
from guantong.plans.read import split


def clauses(text: str) -> tuple[Clause, ...]:
    return split(Source(text_lines(text))).clauses


def test_clauses_meet_by_path_and_the_rest_is_told_on_both_sides() -> None:
    document = clauses("一、甲\n（一）乙。丙。\n（三）丁。戊。")
    found = attach(document, ["一", "一/(一)", "一/(二)"])
    assert [clause.path for clause in found.attached] == ["一", "一/(一)"]
    assert [clause.title for clause in found.unknown] == ["丁"]
    assert found.without_wording == ("一/(二)",)
    assert not found.repeated


def test_of_two_clauses_with_one_path_the_first_is_attached() -> None:
    found = attach(clauses("一、甲。乙。\n一、丙。丁。"), ["一"])
    assert [clause.title for clause in found.attached] == ["甲"]
    assert [clause.title for clause in found.repeated] == ["丙"]
    assert not found.unknown
