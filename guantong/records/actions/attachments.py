"""Attaching files to the record of an activity, and taking them off."""

from django.db import transaction

from guantong.records import access, catalogue, clock, files
from guantong.records.access import Refused
from guantong.records.actions import activities, events, rows
from guantong.records.drafts import draft_of
from guantong.records.models import Activity, Attachment, User

PERMISSION = "activity.record"


def limit(name: str) -> int:
    """What the school allows: `attachment_mb`, `attachments`, `images`."""
    value: int = catalogue.current().kinds["limits"][name]["value"]
    return value


@transaction.atomic
def attach(
    *, by: User | None, activity: Activity, kind: str, name: str, content: bytes
) -> Attachment:
    """Attach a file that `sheets.attached` has checked. The same one again is refused."""
    activity = _open(by, activity)
    if activity.withdrawn_at:
        raise Refused("这条记录已撤销，请先恢复。")
    there = Attachment.objects.filter(activity=activity, removed_at=None)
    if there.count() >= limit("attachments"):
        raise Refused(f"一条记录最多附 {limit('attachments')} 个文件。请先移除不要的。")
    digest = files.keep(content)
    if same := there.filter(sha256=digest).first():
        raise Refused(f"同样的文件已经附过：{same.name}。", {"file": f"已经附过：{same.name}。"})
    row = rows.insert(
        Attachment(
            activity=activity, sha256=digest, kind=kind, name=name, size=len(content),
            added_at=clock.now(), added_by=by,
        )
    )  # fmt: skip
    _tell("attachment.added", row, by)
    return row


@transaction.atomic
def remove(*, by: User | None, row: Attachment, reason: str) -> Attachment:
    """Take a file off the record; it stays on disk, and attaching it again brings it back."""
    _open(by, row.activity)
    row = rows.locked(row)
    reason = events.reasoned(reason, "请写明移除原因。")
    if row.removed_at:
        raise Refused("这个附件已经移除。")
    rows.change(row, removed_at=clock.now(), removed_by=by, removed_reason=reason)
    _tell("attachment.removed", row, by, reason)
    return row


def _open(by: User | None, activity: Activity) -> Activity:
    """The activity, held, if the user may write there and none of its months is closed."""
    activity = rows.locked(activity)
    draft = draft_of(activity)
    for host in draft.hosts:
        access.require(by, PERMISSION, host)
    activities.require_open(draft)
    return activity


def _tell(verb: str, row: Attachment, by: User | None, reason: str = "") -> None:
    """In the activity's own trail."""
    host = row.activity.hosts.order_by("host_rows__id")[0]
    events.leave(
        verb, row.activity, by=by, org=host, file=row.name, sha256=row.sha256, reason=reason
    )
