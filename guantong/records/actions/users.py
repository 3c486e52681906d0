"""Accounts: opening, closing, linking to a person, setting a first password."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from guantong.records import access
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import events, rows
from guantong.records.models import Person, User


@transaction.atomic
def open_account(
    *,
    by: User | None,
    username: str,
    name: str,
    password: str | None = None,
    person: Person | None = None,
) -> User:
    """Open an account; without a password nobody can sign in to it yet."""
    access.require(by, "user.manage", None)
    username = User.normalize_username(username.strip())
    if User.objects.filter(username__iexact=username).exists():
        raise Refused(f"用户名“{username}”已被使用，请换一个。", {"username": "已被使用。"})
    _require_unlinked(person)
    user = User(username=username, first_name=name.strip(), person=person)
    _set(user, password)
    rows.insert(user)
    events.leave("user.created", user, by=by, username=username, person=person)
    return user


@transaction.atomic
def set_password(*, by: User | None, user: User, password: str) -> User:
    access.require(by, "user.manage", None)
    user = rows.locked(user)
    _set(user, password)
    user.save(update_fields=["password"])
    events.leave("user.password_set", user, by=by)
    return user


@transaction.atomic
def link(*, by: User | None, user: User, person: Person | None) -> User:
    """Say whose account it is; the roles of that person's posts come with it."""
    access.require(by, "user.manage", None)
    _require_other(by, user)
    user = rows.locked(user)
    _require_unlinked(person, but=user)
    change = rows.change(user, person=person)
    if change.after:
        events.leave("user.linked", user, by=by, change=change)
    return user


@transaction.atomic
def disable(*, by: User | None, user: User) -> User:
    """Close an account: it cannot sign in and holds no role."""
    access.require(by, "user.manage", None)
    _require_other(by, user)
    return _set_active(by, user, False, "user.disabled")


@transaction.atomic
def enable(*, by: User | None, user: User) -> User:
    access.require(by, "user.manage", None)
    return _set_active(by, user, True, "user.enabled")


def _set_active(by: User | None, user: User, active: bool, verb: str) -> User:
    user = rows.locked(user)
    change = rows.change(user, is_active=active)
    if change.after:
        events.leave(verb, user, by=by, change=change)
    return user


def _set(user: User, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            text = "".join(error.messages)
            raise Refused(f"密码：{text}", {"password": text}) from None
    user.set_password(password)


def _require_unlinked(person: Person | None, but: User | None = None) -> None:
    owner = User.objects.filter(person=person).first() if person else None
    if owner is not None and owner != but:
        raise Refused("这名党员已有账号。")


def _require_other(by: User | None, user: User) -> None:
    if by is not None and by.pk == user.pk:
        raise Forbidden("不能对自己的账号这样做，请由另一名管理员办理。")
