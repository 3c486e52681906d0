"""What somebody typed into the form for a new record and has not saved: kept for him alone.

No event tells of it, for nothing is on record yet, and it would tell what was never said.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction

from guantong.records import access, clock
from guantong.records.access import Refused
from guantong.records.models import Org, UnfinishedForm, User

KEPT: Final = timedelta(days=14)
MOST: Final = 100_000  # characters


def of(by: User, org: Org) -> UnfinishedForm | None:
    """The form of an account for an organisation, while it is kept."""
    fresh = UnfinishedForm.objects.filter(saved_at__gte=clock.now() - KEPT)
    return fresh.filter(user=by, org=org).first()


@transaction.atomic
def keep(*, by: User, org: Org, content: str) -> None:
    """Keep it instead of the one before; what nobody took up again in time goes."""
    access.require(by, "activity.record", org)
    if len(content) > MOST:
        raise Refused("填写的内容太多，草稿放不下。请先保存。")
    UnfinishedForm.objects.filter(saved_at__lt=clock.now() - KEPT).delete()
    UnfinishedForm.objects.update_or_create(
        user=by, org=org, defaults={"content": content, "saved_at": clock.now()}
    )


@transaction.atomic
def drop(*, by: User, org: Org) -> None:
    """One's own, always; it is gone for good."""
    UnfinishedForm.objects.filter(user=by, org=org).delete()
