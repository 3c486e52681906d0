"""The form above a list: what the query string may name, and what it means when it is wrong."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

ON_A_PAGE: Final = 50


class Filter(forms.Form):
    """Always bound to the query string; a value that makes no sense is shown with its error."""

    narrow_nothing: frozenset[str] = frozenset({"sort", "org"})  # said elsewhere, or not at all

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET)

    def offer(self, name: str, choices: Sequence[Any]) -> None:
        """Fill a select; what is not offered is refused."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def asks(self) -> bool:
        """Whether there is anything to clear: not where a page, a tab or an order was chosen."""
        return any(v for name, v in self.data.items() if name not in {"page", "sort", "depth"})

    def narrowed(self) -> list[str]:
        """What the list was narrowed to, in the words of the form: `结论：未完成`."""
        return [
            f"{field.label}：{_word(field, value)}"
            for name, field in self.fields.items()
            if name not in self.narrow_nothing and field.label and (value := self.value(name))
        ]

    def value(self, name: str, default: Any = "") -> Any:
        """What was asked for, or the default where nothing or nonsense was."""
        self.is_valid()
        return self.cleaned_data.get(name) or default


def _word(field: forms.Field, value: Any) -> str:
    """What a select calls the value; anything else as it was typed."""
    if value is True:
        return "是"
    offered = getattr(field, "choices", ())
    flat = [one for c in offered for one in (c[1] if isinstance(c[1], list | tuple) else [c])]
    return str(dict(flat).get(value, value))


def paged[M: Any](request: HttpRequest, rows: QuerySet[M] | Sequence[M]) -> Page[M]:
    return Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))


def paged_by_id[M: Any](
    request: HttpRequest, rows: QuerySet[M], whole: QuerySet[M] | None = None, *, few: bool = False
) -> Page[M]:
    """The same for lists of tens of thousands: the database sorts ids alone, then reads a page.

    `whole` reads it where the condition of `rows` would take long a second time; `few` rows are
    not counted before they are read, which asks the same twice.
    """
    ids = rows.values_list("pk", flat=True)
    page = paged(request, list(ids) if few else ids)
    shown = list(page.object_list)
    found = {row.pk: row for row in (rows if whole is None else whole).filter(pk__in=shown)}
    page.object_list = [found[pk] for pk in shown if pk in found]
    return page


def part_of(request: HttpRequest, page: str, part: str) -> str:
    """The template of a page, or for HTMX that of the part which its filters replace."""
    return f"{page}#{part}" if "HX-Request" in request.headers else page
