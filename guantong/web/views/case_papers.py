"""Papers of an election to print: ballots and the tally sheet. Names typed here are not kept."""

from typing import Final

from django import forms
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from guantong.records.models import Case
from guantong.web.acting import INVALID
from guantong.web.views.case import case_or_404, crumbs_to_case

MOST: Final = 500  # ballots in one print
BLANK: Final = 2  # lines for names written in


class BallotForm(forms.Form):
    title = forms.CharField(label="选票标题", max_length=80)
    names = forms.CharField(
        label="候选人", max_length=2000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text="一行一个，按姓氏笔画为序。",
    )  # fmt: skip
    seats = forms.IntegerField(label="应选名额", min_value=1, max_value=60)
    copies = forms.IntegerField(label="选票张数", min_value=1, max_value=MOST)

    def clean_names(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]
        if len(set(names)) < len(names):
            raise forms.ValidationError("有人写了两次。")
        return names


def ballot(request: HttpRequest, pk: int) -> TemplateResponse:
    row = case_or_404(request, pk)
    if row.process != "election":
        raise Http404
    usual = {"title": f"{row.org.name}委员会选举", **_told(row)}
    form = BallotForm(request.POST or None, initial=usual)
    ready = request.method == "POST" and form.is_valid()
    told = form.cleaned_data if ready else {}
    return TemplateResponse(
        request,
        "web/ballot.html",
        {
            "title": "选票和计票单",
            "crumbs": crumbs_to_case(row),
            "case": row,
            "form": form,
            "ready": ready,
            "ballot": told,
            "copies": range(told["copies"]) if ready else (),
            "blank": range(BLANK),
        },
        status=INVALID if request.method == "POST" and not ready else 200,
    )


def _told(row: Case) -> dict[str, object]:
    """The seats that were reported with the candidates."""
    filed = row.steps.standing().filter(step__in=("file_candidates", "file_secretary")).last()
    return {"seats": filed.fields["seats"]} if filed and "seats" in filed.fields else {}
