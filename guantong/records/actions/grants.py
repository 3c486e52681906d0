"""Giving roles to accounts for a time. Nobody gives a role to himself."""

from datetime import date

from django.db import transaction

from guantong.records import access, catalogue, days
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import events, rows, spans
from guantong.records.models import Grant, Org, User


@transaction.atomic
def give(
    *,
    by: User | None,
    user: User,
    role: str,
    org: Org | None,
    valid_from: date,
    valid_to: date | None = None,
    reason: str = "",
) -> Grant:
    """`org` None: for the whole school."""
    access.require(by, "grant.give", org)
    user = rows.locked(user)
    _require_other(by, user)
    known = catalogue.roles().roles
    if role not in known or known[role].own:
        titles = "、".join(r.title for r in known.values() if not r.own)
        raise Refused(f"可以授予的角色：{titles}。")
    if known[role].expires and valid_to is None:
        text = f"“{known[role].title}”要写明结束日，到期自动收回。"
        raise Refused(text, {"valid_to": text})
    if valid_to is not None and valid_to <= valid_from:
        raise Refused("结束日应在开始日之后。")
    spans.require_near(days.AGREED, valid_from=valid_from)
    spans.require_near(days.LASTING, valid_to=valid_to)
    same = Grant.objects.meeting(valid_from, valid_to).filter(user=user, role=role, org=org)
    if same.exists():
        raise Refused(f"{user.called}在这段时间已有这个角色。")
    grant = rows.insert(
        Grant(
            user=user, role=role, org=org, valid_from=valid_from, valid_to=valid_to,
            given_by=by, reason=reason.strip(),
        )
    )  # fmt: skip
    events.leave(
        "grant.given", grant, by=by, org=org, user=user, role=role,
        valid_from=valid_from, valid_to=valid_to, reason=reason.strip(),
    )  # fmt: skip
    return grant


@transaction.atomic
def end(*, by: User | None, grant: Grant, on: date) -> Grant:
    """Take a role back; `on` is the first day without it."""
    grant = rows.locked(grant)
    access.require(by, "grant.give", grant.org)
    if grant.valid_to is not None and grant.valid_to <= on:
        raise Refused(f"这一角色已于 {grant.valid_to} 收回。")
    spans.require_near(days.LASTING, on=on)
    change = spans.end(grant, on)
    events.leave("grant.ended", grant, by=by, org=grant.org, change=change)
    return grant


def _require_other(by: User | None, user: User) -> None:
    if by is not None and by.pk == user.pk:
        raise Forbidden("不能给自己授予角色。")
