"""The private address of an account's calendar: made, made anew, given up.

Whoever has the address reads the calendar, so it is a secret like a password: only its digest
is kept, it is handed back once, and a new one ends the old one in the same moment.
"""

import secrets

from django.db import transaction

from guantong.records import clock, feeds
from guantong.records.access import Forbidden
from guantong.records.actions import events, rows
from guantong.records.models import CalendarFeed, User

BYTES = 32


@transaction.atomic
def renew(*, by: User) -> str:
    """Return the secret part of a new address; nobody can be told it again."""
    if not by.is_active:
        raise Forbidden("账号已停用，不能生成日历地址。")
    secret = secrets.token_urlsafe(BYTES)
    fresh = {"digest": feeds.digest_of(secret), "made_at": clock.now()}
    feed = CalendarFeed.objects.select_for_update().filter(user=by).first()
    if feed is None:
        feed = rows.insert(CalendarFeed(user=by, **fresh))
    else:
        rows.change(feed, **fresh)
    events.leave("feed.renewed", by, by=by)
    return secret


@transaction.atomic
def give_up(*, by: User) -> None:
    gone, _ = CalendarFeed.objects.filter(user=by).delete()
    if gone:
        events.leave("feed.given_up", by, by=by)
