"""Reads one cell as what its column holds, or says what is wrong with it and how to mend it.

Never guesses: what could mean two things is refused. Knows no records; that a date or a name is
plausible for somebody is decided in `records.imports`.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from guantong.records import days, id_number, names
from guantong.records.imports.rows import EVERYONE, Named
from guantong.records.models.activity import MOST_HOURS
from guantong.sheets.layout import As, Column, plain
from guantong.sheets.read import Cell

EXCEL_DAY_ZERO = date(1899, 12, 30)
SERIALS = range((date(1910, 1, 1) - EXCEL_DAY_ZERO).days, (days.LAST - EXCEL_DAY_ZERO).days + 1)
EXACT_DIGITS = 15  # what a number in Excel keeps
DIGITS_LOST = "单元格是数值格式，Excel 只保留前 15 位数字，后面的已经丢失"
AS_TEXT = "请把整列设为文本格式，再重新填写完整号码"
LONG_NUMBER = re.compile(r"(\d{3})\d{5,}(\w{3})", re.ASCII)  # 11 digits or more
DATE_FORMS = "请写成 2020-09-01 或 2020.9"


class Wrong(Exception):
    """The cell cannot be used: `what` is wrong with it, `remedy` mends it. Both Chinese."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what}。{remedy}")


@dataclass(frozen=True)
class Day:
    """`month_only`: the cell names no day; `on` is the first of the month."""

    on: date
    month_only: bool = False
    at: time | None = None


def value(column: Column, cell: Cell) -> Any:
    """Return what the cell holds, None if it is blank; raise Wrong."""
    return READERS[column.read_as](column, cell) if is_written(cell) else None


def is_written(cell: Cell) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(printable(cell)))


def printable(text: str) -> str:
    """Without control and invisible characters, blanks at the ends, and Excel's leading quote."""
    if text.isalnum():  # the common case, and there are many cells
        return text
    text = names.printable(text)
    return text.replace("\t", " ").strip().removeprefix("'").strip()


def line(text: str) -> str:
    """One line of half-width letters and digits, with single blanks."""
    if text.isascii() and text.isalnum():
        return text
    return " ".join(unicodedata.normalize("NFKC", printable(text)).split())


# Texts and codes


def _text(column: Column, cell: Cell) -> str:
    text = printable(_written(cell))
    if len(text) > column.longest:
        raise Wrong(f"文字有 {len(text)} 字，最多 {column.longest} 字", "请缩短")
    return text


def _code(column: Column, cell: Cell) -> str:
    word = plain(_written(cell))
    if word not in column.words:
        raise Wrong(f"不认识“{_shown(cell)}”", f"可写：{'、'.join(column.options)}")
    return column.words[word]


def _org(column: Column, cell: Cell) -> str:
    name = "".join(line(_written(cell)).split())
    if len(name) > column.longest:
        raise Wrong(f"名称有 {len(name)} 字", "请只写党组织的全称或简称")
    return name


def _orgs(column: Column, cell: Cell) -> tuple[str, ...]:
    """Names with brackets stay whole; a name given twice counts once."""
    parts = re.split(r"[、;；,，\n]+", printable(_written(cell)))
    return tuple(dict.fromkeys(name for part in parts if (name := _org(column, part))))


def _number(column: Column, cell: Cell) -> str:
    number = _digits(cell).replace(" ", "")
    if len(number) == 18 and not id_number.problem(number.upper()):
        raise Wrong(f"这是身份证号，不是{column.title}", "请填到身份证号列")
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,40}", number):
        raise Wrong(f"“{_shown(cell)}”不是{column.title}", "只能有字母和数字，最多 40 位")
    return number


# Names


def name(text: str) -> str:
    """A person's name, tidy; raise Wrong where something else is written."""
    text = names.tidy(printable(text))
    if re.search(r"[0-9０-９]", text):
        raise Wrong(f"姓名“{text}”里有数字", "请只写姓名")
    if re.search(r"[()（）\[\]【】]", text):
        raise Wrong(f"姓名“{text}”里有括号", "请只写姓名，说明写到别的列")
    if any(unicodedata.category(c) in ("Co", "Cn", "Cs") for c in text):
        raise Wrong(f"姓名“{text}”里有自造字，别的电脑显示不出来", "请换成国标字，打不出的用拼音")
    if not all(unicodedata.category(c)[0] in "LM" or c in "· -'’" for c in text):
        raise Wrong(f"姓名“{text}”里有符号", "请只写姓名")
    if len(text) > 60:
        raise Wrong("姓名超过 60 字", "请核对是不是填错了列")
    return text


def _name(column: Column, cell: Cell) -> str:
    if not isinstance(cell, str):
        raise Wrong(f"“{_shown(cell)}”不是姓名", "请核对是不是填错了列")
    return name(cell)


def _people(column: Column, cell: Cell) -> tuple[Named, ...]:
    """Names with remarks in brackets, parted by 、 commas, semicolons or line breaks.

    Blanks part names too, unless they only stretch a name of two characters (王 样).
    """
    text = printable(_written(cell)).replace("（", "(").replace("）", ")")
    if plain(text) in column.everyone:
        return EVERYONE
    found: list[Named] = []
    for part in _parts(text):
        found += _named(part.strip())
    return tuple(dict.fromkeys(found))


def _parts(text: str) -> list[str]:
    """Taken apart at separators that stand outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter in "、,，;；\n" and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _named(part: str) -> list[Named]:
    match = re.fullmatch(r"([^()]*)(?:\(([^()]*)\))?", part)
    if match is None:
        raise Wrong(f"“{part}”的括号不成对", "每人写成 姓名 或 姓名（说明）")
    written, note = match[1].strip(), (match[2] or "").strip()
    if not written:
        return []
    words = written.split()
    several = len(words) > 1 and all(len(word) > 1 for word in words)
    if several and not re.search(r"[A-Za-z]", written):
        return [*(Named(name(word)) for word in words[:-1]), Named(name(words[-1]), note)]
    return [Named(name(written), note)]


# Numbers that identify


def _id_number(column: Column, cell: Cell) -> str:
    if not isinstance(cell, str) or re.fullmatch(r"\d\.?\d*[eE]\+?\d+", printable(cell)):
        raise Wrong(DIGITS_LOST, AS_TEXT)
    number = id_number.tidy(line(cell)).replace("-", "")
    if len(number) == 15 and number.isdigit():
        raise Wrong("这是 15 位的第一代身份证号，已停用", "请填 18 位的公民身份号码")
    if reason := id_number.problem(number):
        raise Wrong(reason, "请对照身份证核对")
    return number


def _phone(column: Column, cell: Cell) -> str:
    phone = re.sub(r"[\s()-]", "", _digits(cell)).removeprefix("+86")
    if re.search(r"[、,，;；/]", phone):
        raise Wrong("写了几个号码", "只留一个")
    if not re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6,7}", phone, re.ASCII):
        raise Wrong(
            f"“{masked_phone(phone)}”不是手机号或固定电话", "手机号为 11 位，固定电话要带区号"
        )
    return phone


def masked_phone(phone: str) -> str:
    return f"{phone[:3]}****（共 {len(phone)} 位）"


def _digits(cell: Cell) -> str:
    """The digits of a text, or of a number that Excel has kept whole."""
    if isinstance(cell, str):
        return line(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise Wrong(f"“{_shown(cell)}”不是号码", "请核对是不是填错了列")
    if not _whole(cell):
        raise Wrong(f"“{cell}”不是号码", AS_TEXT)
    digits = str(int(cell))
    if len(digits) > EXACT_DIGITS:
        raise Wrong(DIGITS_LOST, AS_TEXT)
    return digits


def _hours(column: Column, cell: Cell) -> Decimal:
    text = line(_written(cell)) if not isinstance(cell, time) else ""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:个)?(?:学时|课时|小时|h)?", text, re.ASCII)
    if match is None:
        raise Wrong(f"“{_shown(cell)}”不是学时数", "请写小时数，如 2 或 1.5")
    try:
        hours = Decimal(match[1])
    except InvalidOperation:
        raise Wrong(f"“{_shown(cell)}”不是学时数", "请写小时数，如 2 或 1.5") from None
    if not 0 < hours <= MOST_HOURS or hours != round(hours, 2):
        raise Wrong(f"学时 {hours} 不在 0 到 {MOST_HOURS} 之间，或多于两位小数", "请写这次的学时")
    return hours


# Dates

CLOCK = (
    r"(?:\s*T?(?P<half>上午|下午|晚上|中午)?\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::\d{2}(?:\.\d+)?)?)?"
)
SEPARATED = re.compile(
    r"(?P<year>\d{4})\s*[-./年]\s*(?P<month>\d{1,2})"
    rf"(?:\s*(?:[-./月])\s*(?:(?P<day>\d{{1,2}})\s*[日号]?)?{CLOCK})?",
    re.ASCII,
)
DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
COUNTED = "(?:[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])"
IN_WORDS = re.compile(rf"([〇零○一二三四五六七八九]{{4}}年)(?:({COUNTED}月)({COUNTED}[日号])?)?")
TOGETHER = re.compile(rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}})?{CLOCK}", re.ASCII)


def day(cell: Cell) -> Day:
    match cell:
        case datetime():
            return Day(_in_range(cell.date()), at=_unless_midnight(cell.time()))
        case date():
            return Day(_in_range(cell))
        case bool() | time() | None:
            raise _no_date(cell)
        case int() | float():
            return _numeric_day(cell)
        case str():
            return _written_day(line(cell))


@lru_cache(maxsize=20_000)  # a sheet tells the same days over and over
def _written_day(text: str) -> Day:
    if re.fullmatch(r"\d{5}", text, re.ASCII):
        return _numeric_day(int(text))
    text = _in_digits(text)
    found = SEPARATED.fullmatch(text) or TOGETHER.fullmatch(text)
    if found is None:
        if re.fullmatch(r"\d{4}\s*年?", text):
            raise Wrong(f"“{text}”只有年份", DATE_FORMS)
        raise _no_date(text)
    parts = found.groupdict()
    exact = parts["day"] is not None
    try:
        on = date(int(parts["year"]), int(parts["month"]), int(parts["day"] or 1))
    except ValueError:
        raise Wrong(f"没有“{text}”这一天", DATE_FORMS) from None
    return Day(_in_range(on), month_only=not exact, at=_clock(parts, text) if exact else None)


def _in_digits(text: str) -> str:
    """二〇二一年十二月三日 as 2021年12月3日; anything else as it is."""
    found = IN_WORDS.fullmatch(text)
    if found is None:
        return text
    year, *rest = (part for part in found.groups() if part)
    return year.translate(DIGITS) + "".join(f"{_counted(part[:-1])}{part[-1]}" for part in rest)


def _counted(word: str) -> int:
    """十 is 10, 十二 12, 二十 20, 二十三 23."""
    tens, ten, ones = word.rpartition("十")
    return int((tens or "一").translate(DIGITS)) * 10 * bool(ten) + int(
        (ones or "〇").translate(DIGITS)
    )


def _clock(parts: dict[str, str | None], text: str) -> time | None:
    if parts["hour"] is None:
        return None
    hour = int(parts["hour"])
    if parts["half"] in ("下午", "晚上") and hour < 12:
        hour += 12
    try:
        at = time(hour, int(parts["minute"] or 0))
    except ValueError:
        raise Wrong(f"“{text}”里的时刻不对", "请写成 2023-05-12 14:30") from None
    return _unless_midnight(at)


def _unless_midnight(at: time) -> time | None:
    """Midnight is how Excel writes a day without a time."""
    return None if at == time() else at


def _numeric_day(number: float) -> Day:
    """A serial day of Excel, 20200901, 202009, or 2020.9 that Excel took for a number."""
    if not math.isfinite(number):
        raise _no_date(number)
    if int(number) in SERIALS:
        return Day(EXCEL_DAY_ZERO + timedelta(days=int(number)))
    if _whole(number):
        digits = str(int(number))
        if len(digits) in (6, 8):
            return _written_day(digits)
        if len(digits) == 4:
            raise Wrong(f"“{digits}”只有年份", DATE_FORMS)
        raise _no_date(number)
    year, _, month = repr(float(number)).partition(".")
    if month == "1" and len(year) == 4:
        what = f"数值 {year}.1 可能是 1 月，也可能是 10 月（Excel 去掉了末尾的 0）"
        raise Wrong(what, f"请写成 {year}-01 或 {year}-10")
    return _written_day(f"{year}.{month}")


def _in_range(on: date) -> date:
    if days.odd(on):
        raise Wrong(f"日期 {on} 不合常理", "请核对年份")
    return on


def _no_date(cell: Cell) -> Wrong:
    return Wrong(f"“{_shown(cell)}”不是日期", DATE_FORMS)


def _exact_day(column: Column, cell: Cell) -> Day:
    found = day(cell)
    if found.month_only:
        raise Wrong(f"“{_shown(cell)}”只有年月", "请写到日，如 2023-05-12")
    return found


def _days(column: Column, cell: Cell) -> tuple[date, ...]:
    """Days parted by 、 commas, semicolons or line breaks, each exact."""
    if not isinstance(cell, str):
        return (_exact_day(column, cell).on,)
    parts = [part for part in re.split(r"[、,，;；\n]+", printable(cell)) if part.strip()]
    return tuple(sorted(_exact_day(column, part.strip()).on for part in parts))


# How cells are shown and taken as text


def _whole(number: float) -> bool:
    return isinstance(number, int) or number.is_integer()


def _written(cell: Cell) -> str:
    match cell:
        case str():
            return cell
        case float() if _whole(cell):
            return str(int(cell))
        case bool() | None:
            return ""
        case _:
            return str(cell)


def _shown(cell: Cell) -> str:
    """What is quoted in a message: short, and long numbers not in clear."""
    return LONG_NUMBER.sub(r"\1****\2", line(_written(cell)))[:40]


READERS: dict[As, Callable[[Column, Any], Any]] = {
    As.TEXT: _text,
    As.NAME: _name,
    As.DATE: lambda _, cell: day(cell),
    As.MOMENT: _exact_day,
    As.DAYS: _days,
    As.ID_NUMBER: _id_number,
    As.NUMBER: _number,
    As.PHONE: _phone,
    As.HOURS: _hours,
    As.CODE: _code,
    As.ORG: _org,
    As.ORGS: _orgs,
    As.PEOPLE: _people,
}
