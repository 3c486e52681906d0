"""交接清单: what a successor needs, on a page and as a PDF. For those who keep the records."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from guantong.records import clock
from guantong.records.actions import ledger as upkeep
from guantong.sheets import pdf
from guantong.web import download
from guantong.web.acting import acting
from guantong.web.handover import Pack
from guantong.web.views.orgs import crumbs_above, org_or_404


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    org = org_or_404(request, pk, "activity.record")
    user = acting(request)
    pack = Pack(user, org, upkeep.bring_up_to_date())
    if request.GET.get("export") == "pdf":
        made = f"{clock.now():%Y-%m-%d %H:%M} 由 {user.called} 导出，含人员信息，交接后请妥善保管"
        content = pdf.pdf(f"{org.short_name} 交接清单", pack.blocks(), foot=made)
        return download.attached(
            content, f"{org.short_name} 交接清单 {clock.today()}.pdf", pdf.MIME
        )
    return TemplateResponse(
        request,
        "web/handover.html",
        {
            "title": "交接清单",
            "crumbs": [*crumbs_above(request, org), (org.short_name, reverse("org", args=[pk]))],
            "org": org,
            "facts": pack.facts(),
            "tables": pack.tables(),
        },
    )
