"""The trail: one line for every change, written in the transaction of the change."""

from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from guantong.records.models.org import Org


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, subject: str) -> Self:
        return self.filter(subject=subject).order_by("id")

    def update(self, **_: object) -> int:
        raise TypeError("events are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("events are never deleted")


class Event(models.Model):
    """Grain: one thing done. Rows are added by `actions.events` and never changed.

    `by` null: the system did it. `subject` is "activity:17"; it is no foreign key, for the trail
    outlives the thing. `org` null: concerns no organisation. `detail` holds what changed, before
    and after; sealed values never in clear.
    """

    at = models.DateTimeField(editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    verb = models.CharField(max_length=50)
    subject = models.CharField(max_length=100, db_index=True)
    org = models.ForeignKey(Org, models.PROTECT, null=True, related_name="events")
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["org", "-id"], name="event_org_newest")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("events are never deleted")
