"""From a page to an action: who asks, what was typed, and a refusal beside the field it is about.

Not for deciding anything: the action asks `records.access` and refuses by itself.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.template.response import TemplateResponse

from guantong.records import access, days
from guantong.records.access import Conflict, Forbidden, Refused
from guantong.records.models import Org, User
from guantong.records.recutting import Problem

FORBIDDEN, CONFLICT, INVALID = 403, 409, 422


def acting(request: HttpRequest) -> User:
    """The account that asks; the middleware lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def require(request: HttpRequest, permission: str, *orgs: Org | None) -> None:
    """Before anything typed is judged: 403 for who may not do it at all of them (None: school)."""
    for org in orgs:
        if reason := access.check(acting(request), permission, org):
            raise PermissionDenied(reason)


def done(request: HttpRequest, act: Callable[[], object], said: str = "") -> bool:
    """Carry out what a single button asks for, and tell that or why not; 403 for who may not."""
    try:
        act()
    except Forbidden as refused:
        raise PermissionDenied(refused.text) from None
    except Refused as refused:
        messages.error(request, refused.text)
        return False
    if said:
        messages.success(request, said)
    return True


def status_of(refused: Refused) -> int:
    """What was typed is wrong, unless the user may not at all or somebody else was faster."""
    if isinstance(refused, Forbidden):
        return FORBIDDEN
    return CONFLICT if isinstance(refused, Conflict) else INVALID


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        span = {"min": str(days.FIRST), "max": str(days.LAST)}
        super().__init__(attrs=span, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day, picked in the browser's own calendar."""

    widget = DayInput
    default_error_messages = {"invalid": "请写成 2023-06-30 这样的日期。"}

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value and (reason := days.odd(value)):
            raise ValidationError(reason)


class NumberField(forms.DecimalField):
    """A number as people write it: digits, a point, a sign. `1e3` and `1_000` are slips."""

    def to_python(self, value: object) -> Any:
        if isinstance(value, str) and not PLAIN.fullmatch(value.strip()):
            if value.strip() in self.empty_values:
                return None
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


PLAIN: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


class ActionForm(forms.Form):
    """A form that calls one action. `status` is the answer's: 200 until something is wrong."""

    status = 200

    def outcome[Row](self, act: Callable[..., Row]) -> Row | None:
        """What the action returns, called with the fields by name; None where it was not done."""
        if not self.is_bound:
            return None
        if not self.is_valid():
            self.status = INVALID
            return None
        try:
            return act(**self.cleaned_data)
        except Refused as refused:
            self._show(refused)
            return None

    def _show(self, refused: Refused) -> None:
        self.status = status_of(refused)
        beside = {name: why for name, why in refused.fields.items() if name in self.fields}
        for name, why in beside.items():
            self.add_error(name, why)
        if beside.keys() != refused.fields.keys() or not beside:
            self.add_error(None, refused.text)


def form_page(
    request: HttpRequest,
    form: ActionForm,
    *,
    title: str,
    crumbs: list[tuple[str, str]],
    submit: str,
    about: str = "",
    danger: bool = False,
    problems: Iterable[Problem] = (),
) -> TemplateResponse:
    """A page that holds nothing but one form. The last crumb is where 取消 leads. An empty
    `submit`: it cannot be sent, and `about` says why. `problems`: what has to be done before.
    """
    return TemplateResponse(
        request,
        "web/form_page.html",
        {
            "title": title,
            "crumbs": crumbs,
            "form": form,
            "submit": submit,
            "about": about,
            "danger": danger,
            "problems": list(problems),
            "back": crumbs[-1][1],
        },
        status=form.status,
    )
