"""Read the school calendar of the catalogue: when semesters begin, by rule and as given."""

from datetime import date
from pathlib import Path

from guantong.conditions.yaml_file import Fields, read
from guantong.periods import Calendar


def load_calendar(folder: Path) -> Calendar:
    f = read(folder / "calendar.yaml", "calendar.yaml")
    semesters = f.fields("semesters")
    starts = [_month_day(semesters.fields(name)) for name in ("spring", "autumn")]
    semesters.done()
    given: dict[int, tuple[date, date]] = {}
    for g in f.each("given", []):
        year, spring, autumn = g.take("year", int), g.day("spring"), g.day("autumn")
        g.done()
        if year in given:
            raise g.wrong("year", f"{year} 年写了两次", "每年只写一次")
        if not (spring.year == autumn.year == year and spring < autumn):
            raise g.wrong("year", f"{year} 年的春季学期 {spring}、秋季学期 {autumn} 对不上",
                          "两学期都从这一年开始，春季在前")  # fmt: skip
        given[year] = spring, autumn
    f.done()
    return Calendar(starts[0], starts[1], given=given)


def _month_day(f: Fields) -> tuple[int, int]:
    text = f.text("from")
    try:
        day = date.fromisoformat(f"2001-{text}")
    except ValueError:
        raise f.wrong("from", f"{text!r} 不是月-日", "写成 02-01 的样子") from None
    return day.month, day.day
