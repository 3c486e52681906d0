"""The visits behind a contact point: counted for its holder from what was recorded. Reads only.

A visit is on record as an activity of its own kind: held by the linked organisation, or naming it
as the one visited, while the link lasted, with the holder among those who attended.
"""

from collections import defaultdict
from collections.abc import Collection

from guantong.records.models import Activity, Detail, Relation
from guantong.records.models.activity import ActivityQuerySet

KIND, LINK, VISITED = "contact_visit", "contact_point", "visited"


def of(
    links: Collection[Relation], seen: ActivityQuerySet, year: int
) -> dict[int, tuple[Activity, ...]]:
    """By link of a leader: the visits of a year among those `seen`, the newest first."""
    asked = {link.pk: link for link in links if link.kind == LINK and link.person_id}
    if not asked:
        return {}
    people = {link.person_id for link in asked.values()}
    held = seen.held().filter(
        kind=KIND, held_on__year=year, pk__in=Activity.objects.filter(
            attendances__person__in=people).values("pk")
    )  # fmt: skip
    held = held.newest_first().prefetch_related("hosts", "attendances")
    named = dict(
        Detail.objects.filter(activity__in=held, field=VISITED).values_list("activity", "org")
    )
    found = defaultdict[int, list[Activity]](list)
    for one in held:
        there = {row.person_id for row in one.attendances.all()}
        where = {host.pk for host in one.hosts.all()} | {named.get(one.pk)}
        for pk, link in asked.items():
            at = link.other_org_id or link.org_id
            if link.person_id in there and at in where and link.covers(one.held_on):
                found[pk].append(one)
    return {pk: tuple(rows) for pk, rows in found.items()}
