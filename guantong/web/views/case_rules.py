"""The rules of a process as people read them, and which local practice the school has on."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from guantong.processes import model as m
from guantong.records import access
from guantong.records import cases as reading
from guantong.records.actions import calls as actions
from guantong.records.models import VariantChoice
from guantong.web import case_words, route_chart
from guantong.web.acting import CONFLICT, ActionForm, acting, form_page, require
from guantong.web.case_words import cited
from guantong.web.views.cases import process_or_404, require_cases, to_cases

LEVELS = {m.Level.MUST: "必须", m.Level.UNLESS_REASON: "可写明原因", m.Level.GENERALLY: "一般"}


@require_GET
def rules(request: HttpRequest, name: str) -> TemplateResponse:
    require_cases(request)
    whole = process_or_404(name)
    chosen = reading.chosen_variants(whole)
    process = whole.with_variants(chosen)
    decided = VariantChoice.objects.filter(process=name).select_related("by").order_by("-id")
    return TemplateResponse(
        request,
        "web/case_rules.html",
        {
            "title": f"{whole.title}：步骤和依据",
            "crumbs": to_cases(whole),
            "process": whole,
            "steps": [_step(process, step) for step in process.steps.values()],
            "route": route_chart.drawn(process),
            "variants": [
                (v, v.id in chosen, case_words.bases(v.basis)) for v in whole.variants.values()
            ],
            "decided": list(decided[:10]),
            "may_decide": not access.check(acting(request), "reading.decide", None),
        },
    )


def _step(process: m.Process, step: m.Step) -> dict[str, Any]:
    return {
        "step": step,
        "from": "、".join(process.states[code].title for code in step.sources),
        "to": process.states[step.target].title if step.target else "（不变）",
        "who": "、".join(process.actors[code].title for code in step.who),
        "basis": cited(step),
        "rules": [(rule.says, LEVELS[rule.level], cited(rule)) for rule in step.rules],
        "apart": "、".join(
            process.steps[other].title for other in step.not_by if other in process.steps
        ),
    }


class VariantForm(ActionForm):
    variants = forms.MultipleChoiceField(
        label="采用的做法", required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label="依据", max_length=200, help_text="如：学校文件名称和文号。")
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


def decide(request: HttpRequest, name: str) -> HttpResponse:
    require(request, "reading.decide", None)
    process = process_or_404(name)
    last = VariantChoice.objects.filter(process=name).order_by("-id").first()
    chosen = reading.chosen_variants(process)
    form = VariantForm(
        request.POST or None, initial={"variants": sorted(chosen), "seen": last and last.pk}
    )
    field = form.fields["variants"]
    assert isinstance(field, forms.MultipleChoiceField)
    field.choices = [
        (v.id, f"{v.title}（{case_words.bases(v.basis)}）") for v in process.variants.values()
    ]
    if form.outcome(partial(actions.decide_variants, by=acting(request), process=name)):
        messages.success(request, "已决定。以后开办的事项按新的做法；正在办理的不变。")
        return redirect("case-rules", name)
    if form.status == CONFLICT:  # told what was decided meanwhile, and may decide after that
        form.data = request.POST.copy()
        form.data["seen"] = str(last.pk if last else "")
    return form_page(
        request, form, title=f"采用的做法：{process.title}", crumbs=to_cases(process),
        submit="决定", about="这些做法没有确定的依据，由学校决定用不用；相互代替的只能选一种。",
    )  # fmt: skip
