"""Deciding how an ambiguous text is read, or what quorum holds where none is sure.

The ledger follows in the same transaction.
"""

from datetime import date

from django.db import transaction

from guantong.records import catalogue, clock, quorums
from guantong.records.access import Refused, require
from guantong.records.actions import events, ledger, rows
from guantong.records.models import ReadingChoice, User


@transaction.atomic
def choose(
    *, by: User | None, reading: str, option: str, decided_by: str, decided_on: date, why: str
) -> ReadingChoice:
    """Take a reading from a day on; an empty option is the catalogue's own."""
    require(by, "reading.decide", None)
    rules = catalogue.current()
    options = rules.options(reading) if reading in rules.readings() else quorums.options(reading)
    if not options and reading not in rules.readings():
        raise Refused(f"规则目录里没有口径“{reading}”。")
    if option and option not in options:
        raise Refused("规则目录里没有这种读法。", {"option": "请从列出的读法中选。"})
    lacking = {
        name: said
        for name, said, value in (
            ("decided_by", "请写明由谁决定，例如“学校党委组织部”。", decided_by),
            ("why", "请写明理由，台账的每处说明都会引用。", why),
        )
        if not value.strip()
    }
    if decided_on > clock.today():
        lacking["decided_on"] = "决定日期不能在今天之后。"
    if ReadingChoice.objects.filter(reading=reading, decided_on=decided_on).exists():
        lacking["decided_on"] = "这一天对这条口径已有决定；要改，请写新的日期。"
    if lacking:
        raise Refused("；".join(lacking.values()), lacking)
    choice = rows.insert(
        ReadingChoice(
            reading=reading,
            option=option,
            decided_by=decided_by.strip(),
            decided_on=decided_on,
            why=why.strip(),
            recorded_at=clock.now(),
            by=by,
        )
    )
    events.leave(
        "reading.chosen", choice, by=by, reading=reading, option=option, decided_on=decided_on
    )
    ledger.follow_rules()
    return choice
