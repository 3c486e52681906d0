"""Calendars as phones subscribe to them: iCalendar (RFC 5545), written without a library.

Times are told in UTC, so that no time zone need be described. Knows no records.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

MIME: Final = "text/calendar; charset=utf-8"
LINE: Final = 75  # octets
ESCAPED: Final = str.maketrans(
    {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", **dict.fromkeys(map(chr, range(10)), "")}
    | dict.fromkeys(map(chr, (*range(11, 32), 127)), "")
)


@dataclass(frozen=True)
class Event:
    """`starts` a day: the whole of it, or as many days as it `lasts`. `lasts` None: not known.
    `sure`: not only planned."""

    uid: str
    made: datetime
    starts: date
    lasts: timedelta | None
    summary: str
    about: str
    url: str
    place: str = ""
    sure: bool = True
    version: int = 0


def calendar(name: str, events: Iterable[Event]) -> bytes:
    """One calendar under the name that the phone shows."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Guantong//Guantong//ZH",
        "METHOD:PUBLISH", f"X-WR-CALNAME:{_text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]  # fmt: skip
    for event in events:
        lines += _event(event)
    return b"".join(map(_folded, [*lines, "END:VCALENDAR"]))


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{_moment(event.made)}"
    if isinstance(event.starts, datetime):
        yield f"DTSTART:{_moment(event.starts)}"
        if event.lasts:
            yield f"DTEND:{_moment(event.starts + event.lasts)}"
    else:
        yield f"DTSTART;VALUE=DATE:{event.starts:%Y%m%d}"
        if event.lasts:
            yield f"DTEND;VALUE=DATE:{event.starts + event.lasts:%Y%m%d}"
    yield f"SUMMARY:{_text(event.summary)}"
    yield f"DESCRIPTION:{_text(event.about)}"
    if event.place:
        yield f"LOCATION:{_text(event.place)}"
    yield f"URL:{event.url}"
    yield f"STATUS:{'CONFIRMED' if event.sure else 'TENTATIVE'}"
    yield f"SEQUENCE:{event.version}"
    yield "TRANSP:TRANSPARENT"  # nobody is shown as busy by it
    yield "END:VEVENT"


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").translate(ESCAPED)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> bytes:
    """The line in pieces of 75 octets at most, never within a letter; ends with CRLF."""
    pieces, piece = [], b""
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > LINE:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
