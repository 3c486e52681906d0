"""Writes PDF: a heading, lines, facts and tables on A4, in the font that ships with the project.

Not for letters and forms of the school's own design: those are Word templates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

MIME: Final = "application/pdf"
FONT: Final = "Noto Sans SC"
FILE: Final = Path(__file__).with_name("noto-sans-sc-400.ttf")
MARGIN, WIDTH = 20 * mm, A4[0] - 40 * mm
FOLLOWED: Final = 30 * mm  # a heading, the header of a table and a row of it
GREY, LINE = colors.HexColor("#5c5f66"), colors.HexColor("#c8cbd0")


@dataclass(frozen=True)
class Text:
    """A paragraph; `size` in points, `quiet` in grey."""

    text: str
    size: float = 10
    quiet: bool = False
    centred: bool = False


@dataclass(frozen=True)
class Facts:
    """Pairs of label and value, one a line."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Grid:
    """A table whose header stands again on every page. `widths`: shares of the line, any sum."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


type Block = Text | Facts | Grid


def pdf(title: str, blocks: Iterable[Block], *, foot: str = "") -> bytes:
    """Return a PDF file. `foot` stands below every page, beside its number."""
    pdfmetrics.registerFont(_font())
    file = BytesIO()
    document = SimpleDocTemplate(
        file, pagesize=A4, title=title, author="", creator="Guantong", producer="Guantong",
        leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
    )  # fmt: skip
    story: list[Flowable] = [_paragraph(title, size=18, centred=True), Spacer(1, 6 * mm)]
    for block in blocks:
        if (
            isinstance(block, Text) and block.size > Text.size
        ):  # a heading: what follows begins below
            story.append(CondPageBreak(FOLLOWED))
        story += [_flowable(block), Spacer(1, 4 * mm)]
    draw = partial(_foot, foot=foot)
    document.build(story, onFirstPage=draw, onLaterPages=draw)
    return file.getvalue()


@cache
def _font() -> TTFont:
    return TTFont(FONT, str(FILE))


def _flowable(block: Block) -> Flowable:
    match block:
        case Text(text, size, quiet, centred):
            return _paragraph(text, size=size, quiet=quiet, centred=centred)
        case Facts(rows):
            cells = [[_paragraph(name, quiet=True), _paragraph(value)] for name, value in rows]
            return _table(cells, (1, 4))
        case Grid(header, rows, widths):
            head = [_paragraph(name, size=9, quiet=True) for name in header]
            body = [[_paragraph(cell, size=9) for cell in row] for row in rows]
            return _table([head, *body], widths, repeatRows=1)


def _table(cells: list[list[Flowable]], widths: Sequence[float], **more: Any) -> Table:
    shares = [WIDTH * width / sum(widths) for width in widths]
    lines = TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    return Table(cells, colWidths=shares, style=lines, **more)


def _paragraph(
    text: str, *, size: float = 10, quiet: bool = False, centred: bool = False
) -> Paragraph:
    style = ParagraphStyle(
        "line", fontName=FONT, fontSize=size, leading=size * 1.5, wordWrap="CJK",
        textColor=GREY if quiet else colors.black, alignment=1 if centred else 0,
    )  # fmt: skip
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def _foot(canvas: Any, document: Any, *, foot: str) -> None:
    canvas.setFont(FONT, 8)
    canvas.setFillColor(GREY)
    canvas.drawString(MARGIN, 12 * mm, foot)
    canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"第 {document.page} 页")
