"""Activities on the sample school, where nearly every obligation has entries."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from guantong.obligations import model as m
from guantong.records import catalogue, crediting, ledger
from guantong.records.models import Activity, User

ABOUT_ACTIVITIES = [
    o.name
    for o in catalogue.current().obligations.values()
    if isinstance(o.measure, m.CountActivities | m.Attended)
]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample_school")]


def test_an_activity_names_the_entries_whose_explanation_names_it() -> None:
    held = Activity.objects.held().order_by("kind", "-pk")
    for activity in {activity.kind: activity for activity in held.iterator()}.values():
        counted = {entry.pk for entry in crediting.counted_for(activity)}
        persons = activity.attendances.values_list("person_id", flat=True)[:3]
        hosts = activity.hosts.values_list("pk", flat=True)
        around = crediting.touched(list(hosts), list(persons)).filter(
            obligation__in=ABOUT_ACTIVITIES,
            period_start__lte=activity.held_on,
            period_end__gt=activity.held_on,
        )
        for entry in around.select_related("assessment"):
            told = ledger.explanation(entry).candidates
            named = {candidate.row["activity_id"] for candidate in told if candidate.counted}
            assert (activity.pk in named) == (entry.pk in counted), entry.obligation


@pytest.mark.parametrize("username", ["zhishu", "zuzhibu"])
def test_a_page_costs_no_more_for_the_school_than_for_a_branch(
    username: str, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(User.objects.get(username=username))
    branch = User.objects.get(username="zhishu").person
    one = Activity.objects.held().filter(kind="theme_day", attendances__person=branch)[0]
    listed = reverse("activity-list")
    for address in (listed, f"{listed}?view=month", reverse("activity-new")):
        with django_assert_max_num_queries(30):
            assert client.get(address).status_code == 200
    with django_assert_max_num_queries(40):
        assert client.get(reverse("activity", args=[one.pk])).status_code == 200
