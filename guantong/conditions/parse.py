"""Read conditions from plain data (the YAML of the catalogue)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from guantong.conditions import model as m


@dataclass(frozen=True)
class Problem:
    """One mistake in the catalogue: where it stands, what is wrong, and how to mend it."""

    at: str  # such as "obligations/theme-day.yaml: measure.where.kind"
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.at}：{self.what}" + (f"。处理：{self.remedy}" if self.remedy else "")


class CatalogueError(Exception):
    """The catalogue says something that has no meaning. Holds every problem found."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


COMBINERS: dict[str, type[m.All] | type[m.Any]] = {"all": m.All, "any": m.Any}
TESTS = [*m.Op, "one_of", "missing"]


def parse_condition(data: object, at: str) -> m.Condition:
    """Turn e.g. `{kind: {is: branch}, hours: {at_least: 3}}` into a condition.

    `at` is where we are in the file, such as "obligations/x.yaml: where"; it begins every error.
    """
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise CatalogueError(
            Problem(
                at, f"这里应是“字段: {{判断: 值}}”，现在是 {data!r}", "如 {kind: {is: branch}}"
            )
        )
    parts = tuple(_parse_entry(key, value, f"{at}.{key}") for key, value in data.items())
    return parts[0] if len(parts) == 1 else m.All(parts)


def _parse_entry(key: str, value: object, at: str) -> m.Condition:
    if key in COMBINERS:
        if not isinstance(value, list):
            raise CatalogueError(
                Problem(at, f"“{key}”下应是列表，现在是 {value!r}", "每项前加“- ”")
            )
        return COMBINERS[key](tuple(parse_condition(v, f"{at}[{i}]") for i, v in enumerate(value)))
    if key == "not":
        return m.Not(parse_condition(value, at))
    if not isinstance(value, dict) or len(value) != 1:
        raise CatalogueError(Problem(at, f"应只有一个判断，现在是 {value!r}", "如 {is: branch}"))
    [(test, operand)] = value.items()
    return _parse_test(key, test, operand, at)


def _parse_test(field: str, test: object, operand: object, at: str) -> m.Condition:
    if test == "one_of" and isinstance(operand, list) and operand:
        return m.OneOf(field, tuple(_scalar(v, at) for v in operand))
    if test == "missing" and isinstance(operand, bool):
        return m.Missing(field) if operand else m.Not(m.Missing(field))
    if test in set(m.Op):
        return m.Compare(field, m.Op(str(test)), _scalar(operand, at))
    raise CatalogueError(
        Problem(at, f"不认识的判断 {test!r}（值 {operand!r}）", f"可用：{'、'.join(TESTS)}")
    )


def _scalar(value: object, at: str) -> m.Scalar:
    if isinstance(value, float):  # YAML's 0.5; as written, not as stored
        return Decimal(str(value))
    if isinstance(value, str | int | date | Decimal):
        return value
    raise CatalogueError(Problem(at, f"值 {value!r} 不是文字、数、日期或 true/false"))
