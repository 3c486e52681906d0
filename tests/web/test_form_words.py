"""What forms say about what was typed: plain words, with the remedy, on every form."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from guantong.records.access import Refused
from guantong.records.models import User
from guantong.web.acting import NumberField
from guantong.web.urls import urlpatterns
from tests.factories import Cast, make_activity
from tests.web.record_form import NEW, form_of

type SignIn = Callable[[User], Client]

TYPED = {"nothing": "", "too much": "长" * 3000, "a long number": "9" * 20, "a word": "x"}


def said(response: Any) -> Iterator[tuple[str, str]]:
    """What a page says beside its fields."""
    for field in response.context["form"]:
        yield from ((field.name, text) for text in field.errors)


def test_every_form_says_what_to_do(as_: SignIn, held: Cast) -> None:
    client, heard = as_(held.office), set()

    for pattern in urlpatterns:
        address = re.sub(r"<\w+:\w+>", str(held.branch.pk), f"/{pattern.pattern}")
        form = (client.get(address).context or {}).get("form")
        for kind, typed in TYPED.items() if form is not None else ():
            answer = client.post(address, dict.fromkeys(form.fields, typed))
            assert answer.status_code < 500, (address, kind)
            if answer.status_code == 422:
                heard |= {(kind, address, *line) for line in said(answer)}
                page = answer.content.decode()
                aimed = re.findall(r"\bid_[\w-]+_error\b", page)  # by a link, or for who hears it
                assert not [one for one in aimed if f'id="{one}"' not in page], address

    for kind in TYPED:
        assert len([one for one in heard if one[0] == kind]) > 10, kind
    for kind, address, name, text in heard:
        assert "请" in text, (kind, address, name, text)
        assert not re.search("字段|变量|确保|确认总共|不允许", text), (address, name, text)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("hours", "两", "请填数字，如 2 或 1.5。"),
        ("hours", "1234567", "数字太长，最多 6 位，请核对。"),
        ("hours", "1.234", "小数点后最多 2 位，请四舍五入。"),
        ("title", "长" * 201, "最多 200 个字，现在有 201 个，请删短。"),
        ("starts_at", "晚上", "请写成 19:30 的样子。"),
        ("chair", "987654", "不在可选范围内，请从列出的里面重新选择。"),
    ],
)
def test_the_record_form_says_it_beside_the_field(
    as_: SignIn, cast: Cast, name: str, value: str, text: str
) -> None:
    client = as_(cast.secretary)

    assert (name, text) in set(said(client.post(NEW, form_of(client) | {name: value})))


def test_what_a_row_does_not_hold_is_said_in_the_same_words(cast: Cast) -> None:
    for more, text in (
        ({"title": " "}, "这一项不能空着，请填写。"),
        ({"title": "长" * 201}, "最多 200 个字，现在有 201 个，请删短。"),
    ):
        with pytest.raises(Refused) as refused:
            make_activity(cast.branch, **more)
        assert text in refused.value.text


@pytest.mark.parametrize(
    ("typed", "read"), [("12", "12"), (" 12.50 ", "12.50"), ("１２", "12"), ("", "None"),
                        ("1e3", "no"), ("1_000", "no"), ("NaN", "no"), ("Infinity", "no")],
)  # fmt: skip
def test_amounts_typed_are_plain_digits(typed: str, read: str) -> None:
    try:
        found = str(NumberField(required=False).clean(typed))
    except ValidationError:
        found = "no"
    assert found == read
