"""What the arrows of a process say about order: which steps come before which."""

from collections.abc import Mapping
from functools import lru_cache

from guantong.processes.model import Process, Step


@lru_cache(maxsize=100)
def needed(process: Process) -> Mapping[str, tuple[str, ...]]:
    """By step, those that every way to it has taken before, in the order of the catalogue."""
    found: dict[str, list[str]] = {name: [] for name in process.steps}
    for other in process.steps:
        without = reached(process, process.initial, without=other)
        for step in process.steps.values():
            if step.name != other and not without & set(step.sources):
                found[step.name].append(other)
    return {name: tuple(others) for name, others in found.items()}


@lru_cache(maxsize=100)
def earlier(process: Process) -> Mapping[str, frozenset[str]]:
    """By step, those that can come before it and never after it."""
    after = {step.name: _takeable(process, _landings(step)) for step in process.steps.values()}
    return {
        name: frozenset(
            o for o in after if o != name and name in after[o] and o not in after[name]
        )
        for name in process.steps
    }


def reached(process: Process, *starts: str, without: str = "") -> set[str]:
    """The states that can be reached, the first ones included, never taking one step."""
    found, new = set(starts), set(starts)
    while new:
        new = {
            step.target
            for state in new
            for step in process.out_of(state)
            if step.target and step.name != without
        } - found
        found |= new
    return found


def _landings(step: Step) -> set[str]:
    return {step.lands(source) for source in step.sources}


def _takeable(process: Process, landings: set[str]) -> set[str]:
    """The steps that can still be taken from some of these states on."""
    states = reached(process, *landings)
    return {step.name for step in process.steps.values() if states & set(step.sources)}
