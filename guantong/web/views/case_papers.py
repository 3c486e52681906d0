"""Papers of an election to print: ballots and the tally sheet. Names typed here are not kept."""

from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from guantong.records import case_facts
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

    def __init__(self, *args: Any, filed: int = 0, **more: Any) -> None:
        super().__init__(*args, **more)
        self.filed = filed

    def clean(self) -> dict[str, Any]:
        """As many as were approved; never fewer than there are seats."""
        found = super().clean() or {}
        names, seats = found.get("names"), found.get("seats")
        if names and self.filed and len(names) != self.filed:
            self.add_error("names", f"批复的候选人是 {self.filed} 名，这里写了 {len(names)} 名。")
        elif names and seats and len(names) < seats:
            self.add_error("names", f"候选人 {len(names)} 名，少于应选名额 {seats} 名。")
        return found

    def clean_names(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]
        if len(set(names)) < len(names):
            raise forms.ValidationError("有人写了两次。")
        return names


def ballot(request: HttpRequest, pk: int) -> TemplateResponse:
    row = case_or_404(request, pk)
    if row.process != "election":
        raise Http404
    filed = case_facts.last_written(row, "file_candidates")
    usual = {"title": f"{row.org.name}委员会选举", "seats": filed.get("seats")}
    form = BallotForm(request.POST or None, initial=usual, filed=int(filed.get("candidates", 0)))
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
