"""The arithmetic of a secret ballot: does a tally sheet add up, and who is elected by it.

Who is tied, or lacks the majority, may be voted on again: then the second ballot decides on them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from guantong.processes.model import CandidateVotes


def faults(votes: Sequence[CandidateVotes], *, valid: int, seats: int) -> Iterator[str]:
    """Yield what cannot be in a tally of so many valid ballots for so many seats."""
    listed = Counter(v.name for v in votes)
    yield from (f"“{name}”列了两次" for name, times in listed.items() if times > 1)
    for v in votes:
        yield from _line(v, valid)
    if (total := sum(v.yes for v in votes)) > valid * seats:
        yield f"赞成共 {total} 票，{valid} 张有效票各选 {seats} 人，至多 {valid * seats} 票"
    elected = [v for v in votes if v.elected]
    if len(elected) > seats:
        yield f"当选 {len(elected)} 人，多于名额 {seats}"
    elif len(elected) < seats:
        yield (
            f"当选 {len(elected)} 人，少于名额 {seats}：不足的名额再次投票，"
            "或者经过半数同意减少名额，把名额改为减少后的数"
        )
    yield from _order(votes, elected)


def _line(v: CandidateVotes, valid: int) -> Iterator[str]:
    if min(v.yes, v.no, v.abstain, v.again or 0) < 0:
        yield f"{v.name}的票数是负数"
    total = v.yes + v.no + v.abstain
    if v.written_in and v.no + v.abstain:
        yield f"{v.name}是另选的人，只有赞成票"
    elif total > valid or (total < valid and not v.written_in):
        yield f"{v.name}的赞成、反对、弃权共 {total} 票，有效票是 {valid} 张"


def _order(votes: Sequence[CandidateVotes], elected: list[CandidateVotes]) -> Iterator[str]:
    """Nobody is passed over who has as many votes as one elected by the same ballot."""
    first = min((v.yes for v in elected if v.again is None), default=None)
    second = min((v.again for v in elected if v.again is not None), default=None)
    for v in votes:
        if v.elected:
            continue
        if first is not None and v.yes > first:
            yield f"{v.name}得 {v.yes} 票，多于当选者中的 {first} 票，却没有当选"
        if first is not None and v.yes == first and v.again is None:
            yield f"{v.name}与当选者同为 {first} 票，须就票数相等的人再投一次"
        if second is not None and v.again is not None and v.again >= second:
            yield f"{v.name}再次投票得 {v.again} 票，不少于当选者中的 {second} 票，却没有当选"


def without_majority(votes: Sequence[CandidateVotes], base: int) -> list[str]:
    """The names of those elected without more than half of `base`, in either ballot."""
    return [v.name for v in votes if v.elected and 2 * max(v.yes, v.again or 0) <= base]
