"""How a verdict of the ledger is shown: its sign, its word and its place in a row of verdicts.

Not for deciding verdicts: that is `guantong.obligations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Verdict:
    """`code` is also the CSS class; the colour never stands without `sign` or `word`."""

    code: str
    sign: str
    word: str


VERDICTS: Final[Mapping[str, Verdict]] = MappingProxyType(
    {
        verdict.code: verdict
        for verdict in (
            Verdict("met", "✓", "已完成"),
            Verdict("late", "◑", "逾期完成"),
            Verdict("due", "○", "未到期"),
            Verdict("short", "✗", "未完成"),
            Verdict("unknown", "?", "数据缺失"),
            Verdict("exempt", "免", "豁免"),
        )
    }
)
