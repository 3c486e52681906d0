"""Read one YAML file of the catalogue strictly, and take its keys one by one.

Strict: a key given twice is an error, and only true/false are booleans (`on` stays a word).
Numbers are finite and below `MOST`, texts can be written as UTF-8, nothing is nested out of sight.
"""

import re
from collections.abc import Hashable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from guantong.conditions import os_errors
from guantong.conditions.parse import CatalogueError, Problem

MOST = 10**12  # no threshold, number of people or sum of money comes near
DEEPEST = 40
YEARS = range(1900, 3000)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C: faster
    """YAML 1.2's booleans, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _wrong(key_node, f"键 {key!r} 不是一个词", "键写成一个词")
            if key in seen:
                raise _wrong(key_node, f"键 {key!r} 写了两次", "留一处")
            seen.add(key)
        built: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return built

    def construct_day(self, node: yaml.ScalarNode) -> date:
        """Days alone, and only those of the calendar, in years that a rule may speak of."""
        try:
            day = date.fromisoformat(node.value)
        except ValueError:
            raise _wrong(
                node, f"{node.value} 不是日历上的一天", "写成 2021-07-15 的样子"
            ) from None
        if day.year not in YEARS:
            raise _wrong(node, f"{node.value} 不在 {YEARS[0]} 至 {YEARS[-1]} 年", "请核对年份")
        return day

    def construct_plain(self, node: yaml.ScalarNode) -> object:
        """A number or true/false, also where the file forces the type upon a text."""
        build = yaml.SafeLoader.yaml_constructors[node.tag]
        try:
            return build(self, node)
        except (ValueError, KeyError):
            shown = node.value if len(node.value) <= 20 else f"{node.value[:20]}…"
            raise _wrong(node, f"{shown} 不是数或 true/false", "写成普通的数") from None


def _wrong(node: yaml.Node, what: str, remedy: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark, remedy)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_day)
for kind in ("int", "float", "bool"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{kind}", _Loader.construct_plain)
for word in ("true", "false"):
    _Loader.yaml_implicit_resolvers.setdefault(word[0], []).append(
        ("tag:yaml.org,2002:bool", re.compile(f"^{word}$"))
    )


def read(path: Path, at: str) -> "Fields":
    """Return the mapping in a file; raise CatalogueError naming file, line and remedy."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        reason, remedy = os_errors.why(error)
        raise CatalogueError(Problem(at, f"读不了：{reason}", remedy)) from None
    except (UnicodeDecodeError, yaml.reader.ReaderError):
        raise CatalogueError(Problem(at, "读不了：不是 UTF-8 文本", "请存为 UTF-8 文本")) from None
    except yaml.MarkedYAMLError as error:
        line = f"第 {error.problem_mark.line + 1} 行" if error.problem_mark else ""
        raise CatalogueError(
            Problem(
                f"{at} {line}".strip(),
                f"YAML 写法有误：{error.problem}",
                error.note or "核对这一行的缩进、引号和冒号后的空格",
            )
        ) from None
    except RecursionError:
        raise CatalogueError(Problem(at, "层数太多，读不了", "请拆开或写得平一些")) from None
    if found := list(_unsound(data, f"{at}:")):
        raise CatalogueError(*found)
    return Fields(data, f"{at}:")


def _unsound(value: object, at: str, depth: int = 0) -> Iterator[Problem]:
    """What no engine, page or file could hold, wherever it stands."""
    if depth > DEEPEST:
        yield Problem(at[:200], f"嵌套超过 {DEEPEST} 层", "请拆开或写得平一些")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _unsound(key, at, depth + 1)
            yield from _unsound(part, f"{at}{'' if at.endswith(':') else '.'}{key}", depth + 1)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _unsound(part, f"{at}[{i}]", depth + 1)
    elif isinstance(value, str) and not value.isprintable() and _unwritable(value):
        yield Problem(at, f"文字 {value!r} 里有写不出的字符", "删去这些字符")
    elif isinstance(value, int | float) and not abs(value) <= MOST:  # NaN compares false
        yield Problem(at, "这个数太大，或不是数", f"绝对值不超过 {MOST}")


def _unwritable(text: str) -> bool:
    """Half of a character, or a control that is neither line end nor tab."""
    return any("\ud800" <= c <= "\udfff" or (c < " " and c not in "\n\t") for c in text)


class Fields:
    """The keys of one mapping. Each is taken once; `done` complains about what is left over."""

    def __init__(self, data: object, at: str) -> None:
        if not isinstance(data, dict):
            raise CatalogueError(Problem(at.rstrip(":"), f"应是“键: 值”，现在是 {data!r}"))
        self.data: dict[Any, Any] = dict(data)
        self.at = at
        self.known: list[str] = []

    def place(self, key: str) -> str:
        return f"{self.at} {key}" if self.at.endswith(":") else f"{self.at}.{key}"

    def wrong(self, key: str, what: str, remedy: str = "") -> CatalogueError:
        return CatalogueError(Problem(self.place(key), what, remedy))

    def take[T](
        self, key: str, kind: type[T] | tuple[type[T], ...], default: T | None = None
    ) -> T:
        """Return the value of `key`, which must be of that type; a default makes it optional."""
        self.known.append(key)
        value = self.data.pop(key, None)
        if value is None:
            if default is None:
                raise self.wrong(key, "缺少这一项", "请补上，写法见同目录其他文件")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and not _bool_fits(kind)):
            raise self.wrong(key, f"值 {value!r} 的类型不对", f"应为 {_named(kind)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, str, default).strip()
        if not value and default is None:
            raise self.wrong(key, "是空的", "请写上内容")
        return value

    def day(self, key: str) -> date:
        return self.take(key, date)

    def maybe_day(self, key: str) -> date | None:
        self.known.append(key)
        value = self.data.pop(key, None)
        if value is not None and not isinstance(value, date):
            raise self.wrong(key, f"{value!r} 不是日期", "写成 2021-07-15 的样子")
        return value

    def number(self, key: str) -> Decimal:
        value = self.take(key, (int, float))
        return Decimal(str(value))

    def names(self, key: str, default: list[Any] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, default)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, f"{values!r} 里应都是名称")
        return tuple(values)

    def choice(self, key: str, options: type[StrEnum] | Sequence[str]) -> str:
        word, known = self.text(key), [str(option) for option in options]
        if word not in known:
            raise self.wrong(key, f"不认识 {word!r}", f"可用：{'、'.join(known)}")
        return word

    def fields(self, key: str, default: dict[str, Any] | None = None) -> "Fields":
        return Fields(self.take(key, dict, default), self.place(key))

    def each(self, key: str, default: list[Any] | None = None) -> list["Fields"]:
        values = self.take(key, list, default)
        return [Fields(value, f"{self.place(key)}[{i}]") for i, value in enumerate(values)]

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def done(self) -> None:
        if self.data:
            raise CatalogueError(
                *(
                    Problem(self.place(str(k)), "没有这一项", f"可用：{'、'.join(self.known)}")
                    for k in self.data
                )
            )


def _bool_fits(kind: object) -> bool:
    """Python takes true for a 1."""
    return bool in (kind if isinstance(kind, tuple) else (kind,))


def _named(kind: object) -> str:
    words = {str: "文字", int: "整数", float: "数", list: "列表", dict: "“键: 值”", date: "日期"}
    words[bool] = "true 或 false"
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return "或".join(words.get(k, str(k)) for k in kinds)
