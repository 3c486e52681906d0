"""What the arrows of a process say about order: which steps come before which."""

from guantong.processes.model import Process, Step


def reached(process: Process, start: str, *, without: str = "") -> set[str]:
    """The states that can be reached from `start`, itself included, never taking one step."""
    found, new = {start}, {start}
    while new:
        new = {
            step.target
            for state in new
            for step in process.out_of(state)
            if step.target and step.name != without
        } - found
        found |= new
    return found


def necessary(process: Process, step: Step) -> tuple[str, ...]:
    """The steps that every way to `step` has taken before, in the order of the catalogue."""
    return tuple(
        other
        for other in process.steps
        if other != step.name
        and not reached(process, process.initial, without=other) & set(step.sources)
    )


def can_follow(process: Process, step: Step, later: Step) -> bool:
    """Whether `later` can still be taken once `step` has been."""
    landings = {step.lands(source) for source in step.sources}
    return any(reached(process, landing) & set(later.sources) for landing in landings)
