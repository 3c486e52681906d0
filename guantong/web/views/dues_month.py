"""A month of dues for a whole branch on one page: ticked is paid; by hand or from a sheet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from guantong.periods import add_months, month_of
from guantong.records import clock, days, dues
from guantong.records.access import Refused
from guantong.records.actions import dues as actions
from guantong.records.actions.months import told
from guantong.records.models import Org
from guantong.records.rosters import BRANCH
from guantong.sheets import dues as sheet
from guantong.sheets.preflight import Refusal
from guantong.sheets.read import check_size
from guantong.web import download, month
from guantong.web.acting import INVALID, ActionForm, DayField, NumberField, acting, status_of
from guantong.web.views.dues import crumbs, org_of


@dataclass(frozen=True)
class Row:
    """One line of the form: what is owed, what is on record, what the form says now."""

    line: dues.Line
    was: Decimal | None
    ticked: bool
    amount: str

    @property
    def relieved(self) -> bool:
        return self.line.months[0].relieved


class MonthForm(ActionForm):
    paid_on = DayField(label="交纳日期", help_text="用于这次新登记和改动的各行。")


def month_entry(request: HttpRequest) -> HttpResponse:
    """One branch and month on one page: ticked is paid, the sum is what was owed."""
    org = org_of(request, actions.RECORD)
    asked = month.first(request.GET.get("month", "")) or month_of(clock.today()).start
    if org.kind != BRANCH or asked.year not in days.YEARS:
        raise Http404
    lines = dues.lines([org.pk], [asked])
    if download.wanted(request):
        title, note = f"党费 {told(asked)}", f"{org.name}"
        return download.attached(
            sheet.written(lines, title, note), f"{org.short_name}{title}.xlsx"
        )
    form = MonthForm(request.POST or None, initial={"paid_on": clock.today()})
    rows, refused = [_kept(line, every="all" in request.GET) for line in lines], ""
    if request.method == "POST":
        rows, refused, done = _posted(request, org, asked, form, lines)
        if done is not None:
            return done
    return TemplateResponse(
        request,
        "web/dues_month.html",
        {
            "title": f"登记党费：{told(asked)}",
            "crumbs": crumbs(),
            "org": org,
            "form": form,
            "rows": rows,
            "refused": refused,
            "month": month.code_of(asked),
            "before": month.code_of(add_months(asked, -1)),
            "after": month.code_of(add_months(asked, 1)),
            "long_ago": add_months(asked, dues.rates().back_months)
            < month_of(clock.today()).start,
            "back_months": dues.rates().back_months,
        },
        status=form.status,
    )


def _kept(line: dues.Line, *, every: bool = False) -> Row:
    one = line.months[0]
    fill = one.paid if one.paid is not None else one.due
    return Row(line, one.paid, one.paid is not None or (every and bool(one.due)), _written(fill))


def _written(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def _posted(
    request: HttpRequest, org: Org, asked: date, form: MonthForm, lines: Sequence[dues.Line]
) -> tuple[list[Row], str, HttpResponse | None]:
    """The rows as they were typed, why they were refused, and where to go if they were not."""
    if isinstance(file := request.FILES.get("file"), UploadedFile):
        try:
            return _from_file(file.size or 0, file.read, lines), "", None
        except Refusal as refusal:
            form.status = INVALID
            return [_kept(line) for line in lines], refusal.text, None
    rows = [_typed(request, line) for line in lines]
    entries, wrong = _entries(rows)
    if wrong or not form.is_valid():
        form.status = INVALID
        return rows, wrong, None
    paid_on = form.cleaned_data["paid_on"]
    try:
        count = actions.register(
            by=acting(request), org=org, month=asked, paid_on=paid_on, entries=entries
        )
    except Refused as refused:
        form.status = status_of(refused)
        return rows, refused.text, None
    if count:
        messages.success(request, f"已登记 {told(asked)}党费，改动 {count} 人。")
    else:
        messages.info(request, "没有改动。")
    return rows, "", redirect(f"{reverse('dues')}?org={org.pk}&year={asked.year}")


def _from_file(size: int, content: Callable[[], bytes], lines: Sequence[dues.Line]) -> list[Row]:
    """Filled in, not yet saved: the user looks it over."""
    check_size(size)
    names = [line.person.name for line in lines]
    people = {
        line.person.name if names.count(line.person.name) == 1 else f"\0{line.person.pk}": (
            line.person.pk
        )
        for line in lines
    }
    told_ = sheet.read(content(), people)
    return [
        Row(line, (was := line.months[0].paid), True, _written(told_[line.person.pk]))
        if line.person.pk in told_
        else Row(line, was := line.months[0].paid, was is not None, _kept(line).amount)
        for line in lines
    ]


def _typed(request: HttpRequest, line: dues.Line) -> Row:
    pk = line.person.pk
    was = request.POST.get(f"was-{pk}", "")
    return Row(
        line, Decimal(was) if was.replace(".", "", 1).isdecimal() else None,
        str(pk) in request.POST.getlist("paid"), request.POST.get(f"amount-{pk}", "").strip(),
    )  # fmt: skip


def _entries(rows: Sequence[Row]) -> tuple[list[actions.Paid], str]:
    found, wrong = [], []
    for row in rows:
        now = None
        if row.ticked:
            now = _number(row.amount)
            if now is None:
                wrong.append(f"{row.line.person.name}：请写实交的元数，最多两位小数。")
        found.append(actions.Paid(row.line.person.pk, row.was, now))
    return found, "\n".join(wrong)


def _number(text: str) -> Decimal | None:
    field = NumberField(min_value=Decimal("0.01"), max_digits=9, decimal_places=2)
    try:
        return Decimal(field.clean(text))
    except forms.ValidationError:
        return None
