"""`{% load web %}`: icons, verdict signs and the small bar of verdicts.

Not for queries or decisions: a tag only draws what the view has fetched.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from html import escape
from itertools import accumulate
from typing import Any

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from guantong.obligations.run import plain as plain_number
from guantong.records.models import Entry
from guantong.web import wording
from guantong.web.as_of import AsOf
from guantong.web.ledger_cells import Cell, Tally
from guantong.web.org_tree import Node
from guantong.web.verdicts import VERDICTS, Verdict

register = template.Library()

register.filter("late", wording.late_words)

EMPTY_CELL = mark_safe('<td class="none">–</td>')


@register.filter
def as_options(groups: Iterable[tuple[str | None, list[dict[str, Any]], int]]) -> SafeString:
    """What stands in a select. A school has more than a thousand organisations: a template, or
    format_html, takes fifteen times as long.
    """
    return mark_safe("".join(_group(name, options) for name, options, _ in groups))


def _group(name: str | None, options: Iterable[Mapping[str, Any]]) -> str:
    rows = "".join(
        f'\n  <option value="{escape(str(o["value"]))}"{" selected" * o["selected"]}>'
        f"{escape(str(o['label']))}</option>"
        for o in options
    )
    return f'\n  <optgroup label="{escape(name)}">{rows}\n  </optgroup>' if name else rows


@register.simple_tag
def tree_of(nodes: Iterable[Node], then: str) -> SafeString:
    """Organisations below each other, closed ones closed. Not a template: there are over a
    thousand. `then` keeps the day.
    """
    return mark_safe(f'<ul class="tree">{"".join(_branch(node, then) for node in nodes)}</ul>')


def _branch(node: Node, then: str) -> str:
    link, name = escape(f"{node.url}{then}"), escape(node.short_name)
    kind = f' <span class="tag wide">{escape(node.kind_title)}</span>' if node.category else ""
    vacant = '<span class="tag late-entry">书记空缺</span>' if node.wants_secretary else ""
    secretaries = escape("、".join(node.secretaries))
    if not node.below:
        held = vacant or f'<span class="muted wide">{secretaries}</span>'
        return (
            f'\n<li><a class="row" href="{link}"><span>{name}{kind}</span>'
            f'<span class="small nowrap">{held}</span>'
            f'<span class="muted small nowrap">{node.members} 人</span></a></li>'
        )
    about = secretaries if node.category else f"{node.branches} 个党支部"
    return (
        f'\n<li><details{" open" * node.open}><summary><a href="{link}">{name}</a>{kind}'
        f'<span class="push muted small nowrap">{vacant} <span class="wide">{about} · </span>'
        f"{node.members} 名党员</span></summary>"
        f"<ul>{''.join(_branch(below, then) for below in node.below)}</ul></details></li>"
    )


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One symbol of `static/web/icons.svg`; decoration only, the words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("web/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def same_day(context: Context, **query: int | str) -> str:
    """A query string that keeps the day of the page, and by which tree it looks at it."""
    kept = {**query, **AsOf.of(context["request"]).query}
    return f"?{urlencode(kept)}" if kept else ""


@register.filter
def sign(code: str) -> str:
    return VERDICTS[code].sign


@register.filter
def word(code: str) -> str:
    return VERDICTS[code].word


@register.filter
def period(entry: Entry) -> str:
    return wording.period_words(wording.period_of_entry(entry))


@register.filter
def plain(number: Decimal | None) -> str:
    """A number without needless zeros: 31.5."""
    return plain_number(number)


@register.simple_tag
def verdicts() -> tuple[Verdict, ...]:
    return tuple(VERDICTS.values())


@register.simple_tag
def bar(counts: Mapping[str, int]) -> SafeString:
    """A thin bar of how many entries have which verdict; exempt ones take no room.

    Widths are SVG attributes, because the content security policy allows no inline style.
    """
    return _bar(tuple(counts.get(code, 0) for code in VERDICTS))


@lru_cache(maxsize=4096)
def _bar(counts: tuple[int, ...]) -> SafeString:
    named = dict(zip(VERDICTS, counts, strict=True))
    shown = [(code, count) for code, count in named.items() if code != "exempt"]
    starts = accumulate((count for _, count in shown), initial=0)
    return format_html(
        '<svg class="bar" viewBox="0 0 {} 1" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>',
        sum(count for _, count in shown) or 1,
        tally(named),
        format_html_join(
            "",
            '<rect class="{}" x="{}" width="{}" height="1"/>',
            (
                (code, start, count)
                for (code, count), start in zip(shown, starts, strict=False)
                if count
            ),
        ),
    )


@register.simple_tag
def figure(cell: Cell | None) -> SafeString:
    """One cell of the ledger, `<td>` and all. Not a template: a page may hold thousands."""
    if cell is None:
        return EMPTY_CELL
    counts, code = cell.tally.counts, cell.code
    shown: str
    if code:
        said, look, shown = word(code), code, sign(code)
    elif cell.focus:
        said, look, shown = tally(counts), cell.focus, str(counts[cell.focus])
    else:
        said, shown = _sum(tuple(counts.get(verdict, 0) for verdict in VERDICTS))
        look = f"sum {cell.state}"
    said = escape(f"{cell.words} {said}".strip())
    wide = f' colspan="{cell.width}"' if cell.width > 1 else ""
    label = f' aria-label="{said}"' if code else ""
    link = f'<a href="{escape(cell.url)}" title="{said}"{label}>{shown}</a>'
    return mark_safe(f'<td class="{look}"{wide}>{link}</td>')


@lru_cache(maxsize=4096)
def _sum(counts: tuple[int, ...]) -> tuple[str, SafeString]:
    """In words, and as a fraction above its bar: of many cells the same."""
    named = Tally(Counter(dict(zip(VERDICTS, counts, strict=True))))
    fraction = "<span><b>{}</b><i>/{}</i></span>{}"
    return tally(named.counts), format_html(fraction, named.done, named.owed, _bar(counts))


@register.filter
def tally(counts: Mapping[str, int]) -> str:
    """The same figures in words: 已完成 36，未完成 3."""
    return "，".join(
        f"{verdict.word} {counts[code]}" for code, verdict in VERDICTS.items() if counts.get(code)
    )
