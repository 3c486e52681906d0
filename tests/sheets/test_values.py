"""Cells as people write them, read into what they mean."""

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.records.id_number import check_digit
from guantong.records.imports.rows import EVERYONE, Named
from guantong.sheets.layout import As, Column, plain
from guantong.sheets.values import Day, Wrong, day, value


def column(read_as: As, **more: Any) -> Column:
    content: dict[str, Any] = {
        "field": "x", "title": "列", "headers": (), "required": False, "basis": "", "example": "",
        "hint": "", "words": {}, "options": (), "everyone": frozenset(), "longest": 20,
        "confidence": "",
    }  # fmt: skip
    return Column(read_as=read_as, **{**content, **more})


def read(read_as: As, cell: Any, **more: Any) -> Any:
    return value(column(read_as, **more), cell)


def wrong(read_as: As, cell: Any, **more: Any) -> Wrong:
    with pytest.raises(Wrong) as caught:
        read(read_as, cell, **more)
    assert caught.value.what
    assert caught.value.remedy
    return caught.value


# Dates

FIRST = date(2020, 9, 1)
DAYS: dict[Any, Day] = {
    date(2020, 9, 1): Day(FIRST),
    datetime(2020, 9, 1): Day(FIRST),
    datetime(2020, 9, 1, 14, 30): Day(FIRST, at=time(14, 30)),
    44075: Day(FIRST),
    44075.6: Day(FIRST),
    20200901.0: Day(FIRST),
    202009: Day(FIRST, month_only=True),
    2020.9: Day(FIRST, month_only=True),
    2020.09: Day(FIRST, month_only=True),
    2020.12: Day(date(2020, 12, 1), month_only=True),
    "2020.9": Day(FIRST, month_only=True),
    "2020-09": Day(FIRST, month_only=True),
    "2020.10": Day(date(2020, 10, 1), month_only=True),
    "2020年9月": Day(FIRST, month_only=True),
    "2020-09-01": Day(FIRST),
    "2020/9/1": Day(FIRST),
    "2020.9.1": Day(FIRST),
    "２０２０．９．１": Day(FIRST),
    "2020年9月1日": Day(FIRST),
    "二〇二〇年九月一日": Day(FIRST),
    "二零二〇年十二月三十一日": Day(date(2020, 12, 31)),
    "二〇二〇年九月": Day(FIRST, month_only=True),
    "2020 年 9 月 1 号": Day(FIRST),
    "20200901": Day(FIRST),
    "44075": Day(FIRST),
    "2020-09-01 00:00:00": Day(FIRST),
    "2020-09-01T14:30": Day(FIRST, at=time(14, 30)),
    "2020年9月1日 下午2：30": Day(FIRST, at=time(14, 30)),
    "2020-02-29": Day(date(2020, 2, 29)),
}


@pytest.mark.parametrize(("cell", "means"), DAYS.items(), ids=repr)
def test_a_date_is_read_however_it_is_written(cell: Any, means: Day) -> None:
    assert day(cell) == means


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (2020.1, "可能是 1 月，也可能是 10 月"),
        (2020, "只有年份"),
        ("2020年", "只有年份"),
        ("2021-02-29", "没有“2021-02-29”这一天"),
        ("20.9.1", "不是日期"),
        ("2020.13", "没有“2020.13”这一天"),
        ("3020-01-01", "不合常理"),
        ("二〇二〇年十十月一日", "不是日期"),
        ("去年", "不是日期"),
        (True, "不是日期"),
        (time(8, 0), "不是日期"),
        (float("inf"), "不是日期"),
        (-1, "不是日期"),
        ("2020-09-01 25:00", "时刻不对"),
    ],
)
def test_a_date_that_is_none_or_could_mean_two_is_refused(cell: Any, what: str) -> None:
    assert what in wrong(As.DATE, cell).what


WRITTEN = {
    "date": lambda d: d,
    "serial": lambda d: (d - date(1899, 12, 30)).days,
    "dashes": str,
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "dots": lambda d: f"{d.year}.{d.month}.{d.day}",
    "together": lambda d: f"{d:%Y%m%d}",
    "number": lambda d: float(f"{d:%Y%m%d}"),
    "chinese": lambda d: f"{d.year}年{d.month}月{d.day}日",
}


@given(st.dates(date(1920, 1, 1), date(2099, 12, 31)), st.sampled_from(sorted(WRITTEN)))
def test_any_date_in_any_form_reads_back(on: date, form: str) -> None:
    assert day(WRITTEN[form](on)) == Day(on)


@given(st.dates(date(1920, 1, 1), date(2099, 12, 31)), st.sampled_from("-./"))
def test_a_month_is_its_first_day_and_says_so(on: date, dot: str) -> None:
    means = Day(on.replace(day=1), month_only=True)
    assert day(f"{on.year}{dot}{on.month}") == day(f"{on.year}年{on.month}月") == means


def test_an_activity_needs_its_day() -> None:
    assert "只有年月" in wrong(As.MOMENT, "2023.5").what
    assert read(As.MOMENT, "2023-05-12 14:30") == Day(date(2023, 5, 12), at=time(14, 30))


# ID numbers

GOOD_ID = "11010519491231002X"  # the specimen of the standard


@pytest.mark.parametrize(
    "cell",
    [GOOD_ID, "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", f" {GOOD_ID} ",
     f"'{GOOD_ID}", "110105 19491231 002X", "\t" + GOOD_ID, "\u200b" + GOOD_ID],
)  # fmt: skip
def test_an_id_number_is_written_one_way(cell: str) -> None:
    assert read(As.ID_NUMBER, cell) == GOOD_ID


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (110105194912310021.0, "Excel 只保留前 15 位"),
        (1.10105194912310e17, "Excel 只保留前 15 位"),
        ("1.10105E+17", "Excel 只保留前 15 位"),
        ("110105491231002", "15 位的第一代"),
        ("110105194912310021", "校验位不对"),
        ("11010519491301002X", "不是日期"),
        ("1101051949123100", "应为 18 位"),
        ("身份证", "应为 18 位"),
    ],
)
def test_an_id_number_that_cannot_be_right_is_refused(cell: Any, what: str) -> None:
    assert what in wrong(As.ID_NUMBER, cell).what


@given(st.dates(date(1930, 1, 1), date(2005, 12, 31)), st.integers(0, 999), st.integers(0, 16))
def test_one_wrong_digit_never_passes(born: date, serial: int, place: int) -> None:
    first = f"110105{born:%Y%m%d}{serial:03}"
    number = first + check_digit(first)
    assert read(As.ID_NUMBER, number) == number
    other = str((int(number[place]) + 1) % 10)
    wrong(As.ID_NUMBER, number[:place] + other + number[place + 1 :])


def test_a_long_number_is_not_quoted_in_clear() -> None:
    assert GOOD_ID not in wrong(As.HOURS, GOOD_ID).what
    assert GOOD_ID[:17] not in wrong(As.DATE, GOOD_ID[:17]).what
    assert "这是身份证号" in wrong(As.NUMBER, GOOD_ID).what


# Names and lists of people


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("李样", "李样"),
        ("李　样", "李样"),
        (" 李 样 ", "李样"),
        ("李\n样", "李样"),
        ("买买提•样例", "买买提·样例"),
        ("买买提．样例", "买买提·样例"),
        ("买买提 · 样例", "买买提·样例"),
        ("𠮷样", "𠮷样"),
        ("John Sample", "John Sample"),
    ],
)
def test_a_name_is_written_one_way(written: str, means: str) -> None:
    assert read(As.NAME, written) == means


@pytest.mark.parametrize("cell", ["李样1", "李样（组长）", "李\ue000", "李?", 5.0, "李/样"])
def test_what_is_no_name_is_refused(cell: Any) -> None:
    wrong(As.NAME, cell)


@pytest.mark.parametrize(
    ("cell", "means"),
    [
        ("李样、王样例，赵样例;钱样", ["李样", "王样例", "赵样例", "钱样"]),
        ("李样\n王样例", ["李样", "王样例"]),
        ("李样例 王样例  赵样例", ["李样例", "王样例", "赵样例"]),
        ("李 样、王样例", ["李样", "王样例"]),
        ("李样、李样、", ["李样"]),
    ],
)
def test_a_list_of_people_is_taken_apart(cell: str, means: list[str]) -> None:
    assert read(As.PEOPLE, cell) == tuple(map(Named, means))


def test_remarks_in_brackets_belong_to_the_person() -> None:
    found = read(As.PEOPLE, "李样（出差，下周回）、王样例(2020010001)")
    assert found == (Named("李样", "出差，下周回"), Named("王样例", "2020010001"))
    assert "括号不成对" in wrong(As.PEOPLE, "李样（出差、王样例").what


def test_everyone_is_a_word() -> None:
    words = frozenset(map(plain, ["全体党员"]))
    assert read(As.PEOPLE, " 全体 党员 ", everyone=words) == EVERYONE


# Numbers, codes, texts


@pytest.mark.parametrize(
    ("cell", "means"),
    [(13800000000.0, "13800000000"), ("138-0000-0000", "13800000000"),
     ("+86 138 0000 0000", "13800000000"), ("0753-2180000", "07532180000")],
)  # fmt: skip
def test_a_phone_number_is_written_one_way(cell: Any, means: str) -> None:
    assert read(As.PHONE, cell) == means


@pytest.mark.parametrize("cell", ["138000", "13800000000、13900000000", "无", 1.5, True])
def test_what_is_no_phone_number_is_refused(cell: Any) -> None:
    wrong(As.PHONE, cell)


def test_a_student_number_may_be_a_number_that_excel_kept_whole() -> None:
    assert read(As.NUMBER, 2020010001.0) == "2020010001"
    assert "前 15 位" in wrong(As.NUMBER, 2020010001000001.0).what


@pytest.mark.parametrize(
    ("cell", "means"),
    [(2.0, "2"), (1.5, "1.5"), ("2学时", "2"), ("1.5 小时", "1.5"), ("２", "2"), ("200", "200")],
)
def test_hours_are_decimal(cell: Any, means: str) -> None:
    assert read(As.HOURS, cell) == Decimal(means)


@pytest.mark.parametrize("cell", ["半天", 0.0, -1.0, 201.0, 1.234, time(2, 0), True, float("nan")])
def test_what_is_no_number_of_hours_is_refused(cell: Any) -> None:
    wrong(As.HOURS, cell)


def test_a_code_is_found_by_any_of_its_words() -> None:
    words = {plain(word): code for word, code in {"正式党员": "full", "正式": "full"}.items()}
    assert read(As.CODE, " 正式 党员", words=words) == "full"
    found = wrong(As.CODE, "群众", words=words, options=("正式党员", "预备党员"))
    assert "群众" in found.what
    assert "正式党员、预备党员" in found.remedy


def test_blanks_say_nothing() -> None:
    for read_as in As:
        assert read(read_as, None) is read(read_as, " 　\n") is None


def test_texts_lose_what_cannot_be_seen_and_keep_their_lines() -> None:
    assert read(As.TEXT, "一\x00\x07\n二\ufeff ") == "一\n二"
    assert "最多 20 字" in wrong(As.TEXT, "字" * 21).what


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.datetimes(),
    st.times(), st.timedeltas(max_value=timedelta(days=9)).map(lambda t: t / timedelta(days=1)),
)  # fmt: skip


@given(st.sampled_from(As), CELLS)
def test_any_cell_is_read_or_refused_with_a_remedy(read_as: As, cell: Any) -> None:
    with suppress(Wrong):
        read(read_as, cell)
        return
    wrong(read_as, cell)
