"""The context processor of every page: navigation, school, day and the organisation in view.

The values are methods, called only by the templates that show them: a fragment costs no query.
"""

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from guantong.records import access, catalogue
from guantong.records.models import Org, School
from guantong.web import navigation, scope


def page(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    frame = Frame(request)
    return {
        "navigation": frame.navigation,
        "school": frame.school,
        "today": frame.today,
        "demo_day": frame.demo_day,
        "plan_over": frame.plan_over,
        "org_in_view": frame.org_in_view,
        "role_words": frame.role_words,
    }


class Frame:
    """What surrounds the content of one page, each thing fetched once."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def navigation(self) -> tuple[navigation.Link, ...]:
        granted = {permission for held in self._held for permission in held.role.permissions}
        return navigation.links(may=granted.__contains__, path=self.request.path)

    def school(self) -> str:
        return self._school.name if self._school else ""

    def today(self) -> date:
        fixed = self._school.today if self._school else None
        return fixed or timezone.localdate()

    def demo_day(self) -> bool:
        return bool(self._school and self._school.today)

    def plan_over(self) -> date | None:
        """The last day of the school's plan, if that is past: from then on nothing is asked."""
        last = catalogue.plan(self._school.plan).span.last_day if self._school else None
        return last if last and last < self.today() else None

    def org_in_view(self) -> Org | None:
        return scope.org_in_view(self.request)

    def role_words(self) -> str:
        return "、".join(dict.fromkeys(held.role.title for held in self._held))

    @cached_property
    def _held(self) -> tuple[access.Held, ...]:
        return access.roles_of(self.request.user)

    @cached_property
    def _school(self) -> School | None:
        return School.objects.first()
