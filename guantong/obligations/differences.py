"""What two ledgers say differently: the answer to "what if". Pure.

A ledger under another reading, threshold, tree or plan is worked out like any other; this tells
what would change.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from guantong.obligations.model import Entry, Verdict


@dataclass(frozen=True)
class Difference:
    """One entry that is new, gone or different. `before` or `after` None: not owed there."""

    before: Entry | None
    after: Entry | None

    @property
    def entry(self) -> Entry:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def verdicts(self) -> tuple[Verdict | None, Verdict | None]:
        before = self.before.verdict if self.before else None
        return before, self.after.verdict if self.after else None


def differences(before: Iterable[Entry], after: Iterable[Entry]) -> list[Difference]:
    """Return what differs in what is required, found or concluded, in the ledger's order."""
    then = {entry.sort_key: entry for entry in before}
    now = {entry.sort_key: entry for entry in after}
    found = [Difference(then.get(key), now.get(key)) for key in {**then, **now}]
    changed = [d for d in found if d.before != d.after]
    return sorted(changed, key=lambda d: d.entry.sort_key)


def summary(found: Iterable[Difference]) -> dict[str, Counter[tuple[str, str]]]:
    """How many entries went from which verdict to which, by obligation; "" is not owed."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for d in found:
        before, after = (verdict.value if verdict else "" for verdict in d.verdicts)
        counts.setdefault(d.entry.obligation, Counter())[before, after] += 1
    return counts
