"""我的一周: what is due for me and the organisations I answer for, most urgent first."""

from django.http import HttpRequest
from django.template.response import TemplateResponse


def week(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "web/week.html", {"title": "我的一周"})
