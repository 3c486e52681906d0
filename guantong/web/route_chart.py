"""A process drawn as a route: its states one below the other, its steps as arrows.

Straight down to the next state, curved on the right further down, on the left back up. Plain SVG
without script, so that it prints; the same stands in words in the table of steps. Not for what
may happen next: that is the engine's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from guantong.processes.model import Process

WIDTH, ROW, BOX, SIDE = 420, 40, 28, 70
INNER = WIDTH - 2 * SIDE


@dataclass(frozen=True)
class Arrow:
    """From one row to another, with the words of the steps that lead there."""

    source: int
    target: int
    says: str


def drawn(process: Process, at: str = "", passed: frozenset[str] = frozenset()) -> SafeString:
    """`at`: where the case stands; `passed`: the states that it has been in."""
    states = list(process.states.values())
    height = len(states) * ROW + 8
    boxes = format_html_join(
        "",
        '<g class="state{}"><rect x="{}" y="{}" width="{}" height="{}" rx="5"/>'
        '<text x="{}" y="{}">{}</text></g>',
        (
            (
                " at" if s.code == at else " passed" if s.code in passed else "",
                SIDE, y(i), INNER, BOX, WIDTH // 2, y(i) + 18, s.title,
            )
            for i, s in enumerate(states)
        ),
    )  # fmt: skip
    arrows = format_html_join("", '<path d="{}"><title>{}</title></path>', _paths(process))
    return format_html(
        '<svg class="route" viewBox="0 0 {} {}" role="img" aria-label="{}的状态和步骤">'
        '<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" '
        'markerHeight="6" orient="auto"><path d="M0 0 6 3 0 6z"/></marker></defs>{}{}</svg>',
        WIDTH, height, process.title, arrows, boxes,
    )  # fmt: skip


def y(row: int) -> int:
    return row * ROW + 4


def _paths(process: Process) -> Iterator[tuple[str, str]]:
    arrows = list(_arrows(process))
    for arrow in arrows:
        top, bottom = y(arrow.source), y(arrow.target)
        if arrow.target == arrow.source + 1:
            yield f"M{WIDTH // 2} {top + BOX}V{bottom - 1}", arrow.says
            continue
        down = arrow.target > arrow.source
        edge = WIDTH - SIDE if down else SIDE
        reach = min(14 + 6 * abs(arrow.target - arrow.source), SIDE - 4)
        out = edge + reach if down else edge - reach
        start, end = top + BOX - 8, bottom + 10
        yield f"M{edge} {start}C{out} {start} {out} {end} {edge} {end}", arrow.says


def _arrows(process: Process) -> Iterator[Arrow]:
    place = {code: i for i, code in enumerate(process.states)}
    for source in process.states:
        for target in dict.fromkeys(s.target for s in process.out_of(source) if s.target):
            steps = [s.title for s in process.out_of(source) if s.target == target]
            if target != source:
                yield Arrow(place[source], place[target], "、".join(steps))
