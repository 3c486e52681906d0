"""Loading the official wording of a plan beside the catalogue's clauses."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from guantong.records import access, catalogue, clock
from guantong.records.access import Refused
from guantong.records.actions import events, rows
from guantong.records.models import PlanWording, School, User


@dataclass(frozen=True)
class Wording:
    """The text of one clause; `path` as in the catalogue ("二/(二)/6")."""

    path: str
    title: str
    text: str


@transaction.atomic
def load_wording(
    *, by: User | None, plan: str, source_name: str, wordings: Sequence[Wording]
) -> list[PlanWording]:
    """Replace all wording of a plan by that of one document."""
    access.require(by, "plan.load", None)
    known = catalogue.current().plans.get(plan)
    if known is None:
        raise Refused(f"目录里没有计划“{plan}”。")
    paths = [wording.path for wording in wordings]
    if strange := [path for path in paths if path not in {c.path for c in known.clauses}]:
        raise Refused(f"计划目录里没有这些条款：{'、'.join(strange)}。")
    if len(set(paths)) < len(paths):
        raise Refused("有条款出现了两次，请核对文件。")
    if not paths:
        raise Refused("没有读到任何条款，请核对文件。")
    now = clock.now()
    PlanWording.objects.filter(plan=plan).delete()
    loaded = [
        rows.insert(
            PlanWording(
                plan=plan, path=w.path, title=w.title, text=w.text,
                source_name=source_name, loaded_at=now, by=by,
            )
        )
        for w in wordings
    ]  # fmt: skip
    school = School.objects.get()
    events.leave("plan.loaded", school, by=by, plan=plan, source=source_name, clauses=len(loaded))
    return loaded
