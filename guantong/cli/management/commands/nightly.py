"""`python3 run nightly`: what a timer should start once a night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guantong.obligations.model import Entry as Value
from guantong.records import ledger
from guantong.records.actions import ledger as upkeep
from guantong.records.models import Entry


class Command(BaseCommand):
    help = "每夜一次：台账转到新的一天，并在 DuckDB 里整本复核"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        live = upkeep.bring_up_to_date(wait=True)
        stored = {_key(ledger.value_of(row)) for row in Entry.objects.filter(assessment=live)}
        afresh = {_key(entry) for entry in ledger.answer_in_duckdb(ledger.question())}
        if wrong := stored ^ afresh:
            upkeep.rebuild()
            first = "\n".join(str(key) for key in sorted(wrong, key=str)[:5])
            raise CommandError(
                f"台账有 {len(wrong)} 处与整本复核不同，已重建。请把下面几条报给维护者：\n{first}"
            )
        self.stdout.write(f"台账 {live.on_day}：{len(stored)} 条，与整本复核一致")


def _key(entry: Value) -> tuple[str, int, int | None, str, str]:
    period = f"{entry.period.start}/{entry.period.end}"
    return entry.obligation, entry.org_id, entry.person_id, period, entry.verdict.value
