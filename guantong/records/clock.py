"""What day and what moment it is for the school. All records, actions and pages ask here.

A demonstration school lives on a fixed day (`School.today`); everywhere else it is the real one.
"""

from datetime import date, datetime

from django.utils import timezone

from guantong.records.models.school import School
from guantong.records.once import kept


def today() -> date:
    return _fixed() or timezone.localdate()


def now() -> datetime:
    """The server's moment, on the school's fixed day where it has one."""
    fixed, moment = _fixed(), timezone.localtime()
    if fixed is None:
        return moment
    return moment.replace(year=fixed.year, month=fixed.month, day=fixed.day)


def _fixed() -> date | None:
    return kept("fixed day", lambda: School.objects.values_list("today", flat=True).first())
