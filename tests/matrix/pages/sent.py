"""What several pages are sent alike."""

from collections.abc import Callable
from typing import Final

from django.core.files.uploadedfile import SimpleUploadedFile

from guantong.records import rosters
from guantong.records.models import User
from tests.factories import TODAY
from tests.matrix.world import At

DAY: Final = str(TODAY)
ON: Final = {"on": DAY}
WHY: Final = {"on": DAY, "reason": "校党委决定"}
REASON: Final = {"reason": "校党委决定"}
HELD: Final = {"kind": "collective_study", "title": "学习", "held_on": DAY, "hours": "2"}
EDIT, POST, ROLL, MERGE = "org.edit", "post.edit", "member.edit", "member.merge"
RECORD, SEE = "activity.record", "=activity.view"


def shown(at: At, _: User) -> str:
    """Whom the record form names as expected."""
    there = rosters.expected(HELD["kind"], at.org, TODAY)
    return ",".join(str(person.pk) for person in there)


def file(name: str, content: bytes | str) -> Callable[..., SimpleUploadedFile]:
    """A new one each time: what was read once is at its end."""
    inside = content.encode() if isinstance(content, str) else content
    return lambda at, user: SimpleUploadedFile(name, inside)
