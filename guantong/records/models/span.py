"""What lasts: a first day, and the first day on which it is over."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q


class SpanQuerySet[M: models.Model](models.QuerySet[M]):
    def on(self, day: date) -> Self:
        return self.filter(on("", day))

    def meeting(self, first: date, end: date | None) -> Self:
        """Spans that share at least one day with [first, end); no end means for ever."""
        later = Q(valid_to=None) | Q(valid_to__gt=first)
        return self.filter(later) if end is None else self.filter(later, valid_from__lt=end)


class Span(models.Model):
    """A dated row: `valid_to` null while it lasts."""

    valid_from = models.DateField("开始日")
    valid_to = models.DateField("结束日", null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                name="%(class)s_ends_after_it_begins",
            )
        ]

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def on(path: str, day: date) -> Q:
    """The condition that the span reached by `path` ("posts__") covers the day."""
    begun = Q(**{f"{path}valid_from__lte": day})
    return begun & (Q(**{f"{path}valid_to": None}) | Q(**{f"{path}valid_to__gt": day}))
