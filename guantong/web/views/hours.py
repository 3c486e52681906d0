"""学时账户: a member's hours of one year as the ledger counts them, line by line."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.records import access, certificates, clock, hours
from guantong.records.hours import Account, Demand
from guantong.records.models import HoursCertificate, Person
from guantong.sheets.write import Value
from guantong.web import download, wording
from guantong.web.acting import acting
from guantong.web.verdicts import VERDICTS
from guantong.web.views.member import person_or_404, year
from guantong.web.views.member_changes import crumbs_to_member

HEADER = ("日期", "活动", "类别", "身份", "学时", "计入", "没有计入的原因", "补录")


@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_or_404(request, pk, "member.view")
    shown = hours.seen_by(acting(request), person, year(request, clock.today()))
    if download.wanted(request):
        return _workbook(request, person, shown)
    own = acting(request).person_id == person.pk
    may_edit = not access.check_person(acting(request), "member.edit", person)
    return TemplateResponse(
        request,
        "web/hours.html",
        {
            "title": f"{person.name} {shown.year} 年学时账户",
            "crumbs": crumbs_to_member(person),
            "person": person,
            "account": shown,
            "demands": [(demand, _says(demand)) for demand in shown.demands],
            "may_edit": may_edit,
            "may_certify": may_edit or own,
            "certificates": list(_certificates(person)) if may_edit or own else [],
        },
    )


def _says(demand: Demand) -> str:
    """How the figure required came about."""
    entry, unit = demand.entry, demand.obligation.unit
    if entry.verdict == "exempt":
        return f"豁免：{demand.obligation.exempt_reason}"
    if demand.whole is None:
        return demand.closing
    whole = wording.amount(demand.whole, demand.obligation)
    part = wording.amount(entry.required, demand.obligation)
    return f"全年 {whole}，不满一年按月折算为 {part}。{demand.closing}" if unit else demand.closing


def _certificates(person: Person) -> Iterator[tuple[HoursCertificate, str, str]]:
    """Each with what it says of hours, and what of it must not be counted twice; newest first."""
    twice = certificates.doubled(person)
    rows = HoursCertificate.objects.filter(person=person).select_related("issuer", "by")
    for row in rows.order_by("-issued_on", "-pk"):
        demands = row.content["note"]["demands"]
        says = "；".join(f"{d['title']} {d['actual']}/{d['required']}" for d in demands)
        yield row, says, twice.get(row.pk, "")


def _workbook(request: HttpRequest, person: Person, shown: Account) -> HttpResponse:
    rows: list[tuple[Value, ...]] = [
        (
            *(line.held_on, line.title, line.kind, line.role, line.hours),
            "是" if line.counted else "否",
            line.lacks,
            f"补录 +{line.late} 天" if line.late else "",
        )
        for line in shown.lines
    ]
    about = "；".join(
        f"{demand.obligation.title}：{wording.has_got(demand.entry, demand.obligation)}，"
        f"{VERDICTS[demand.entry.verdict].word}"
        for demand in shown.demands
    )
    title = f"{person.name} {shown.year} 年学时"
    return download.workbook(request, title=title, header=HEADER, rows=rows, about=about)
