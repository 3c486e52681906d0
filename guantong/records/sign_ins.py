"""The code on the organiser's screen, and whether one that was scanned still holds. Reads only."""

from datetime import datetime, timedelta

from guantong.records import catalogue, clock
from guantong.records.models import Activity, SignInSheet
from guantong.trust import rotating


def code(sheet: SignInSheet) -> str:
    """The code of this moment; it holds for a quarter of a minute, and as long again."""
    return rotating.code(bytes.fromhex(sheet.secret), _purpose(sheet.activity_id), clock.now())


def holds(activity_id: int, given: str) -> bool:
    """No sheet, a closed one, an old code and a made-up one: all the same."""
    sheet = SignInSheet.objects.filter(
        activity=activity_id, closed_at=None, activity__planned=True, activity__withdrawn_at=None
    ).first()
    return sheet is not None and rotating.fits(
        given, bytes.fromhex(sheet.secret), _purpose(activity_id), clock.now()
    )


def late_from(activity: Activity, sheet: SignInSheet) -> datetime:
    """From when on signing in is late: the beginning (else the opening) and some minutes."""
    grace = catalogue.current().kinds["limits"]["late_minutes"]["value"]
    start = sheet.opened_at
    if activity.starts_at is not None:
        start = datetime.combine(activity.held_on, activity.starts_at, clock.now().tzinfo)
    return start + timedelta(minutes=grace)


def _purpose(activity_id: int) -> str:
    return f"sign-in:{activity_id}"
