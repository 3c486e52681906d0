"""A draft field by field, as the trail keeps it. Not for words: `web.trail` has them."""

from typing import Any, Final

from guantong.records import catalogue, meetings
from guantong.records.drafts import Draft

CONTENT: Final = (
    *("kind", "title", "held_on", "last_on", "starts_at", "ends_at", "place", "outside"),
    *("hours", "planned", "summary", "late_reason"),
)


def content(draft: Draft) -> dict[str, Any]:
    """The columns of the record itself."""
    return {name: getattr(draft, name) for name in CONTENT}


def told(draft: Draft) -> dict[str, Any]:
    """By field; None where nothing is said, objects by person for those present and absent."""
    kind = catalogue.activity_kinds()[draft.kind]
    return {
        **{name: None if value == "" else value for name, value in content(draft).items()},
        "hosts": sorted(host.pk for host in draft.hosts),
        "attended": {
            one.person_id: [one.role, draft.hours if one.hours is None else one.hours]
            for one in draft.attended or ()
        },
        "absent": dict(draft.absent),
        "also": list(draft.also) or None,
        "sides": sorted(org.pk for org in draft.sides) or None,
        **meetings.told(draft.own, draft.agenda, draft.follow_ups, kind),
    }
