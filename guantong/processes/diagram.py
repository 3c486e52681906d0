"""A process as a Mermaid state diagram, for the documentation and the pages."""

from collections.abc import Iterator

from guantong.processes.model import Process, Step


def mermaid(process: Process) -> str:
    """Arrows between states; steps that stay where they are stand in the table, not here."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _lines(process))])


def _lines(process: Process) -> Iterator[str]:
    yield from (f'state "{s.title}" as {s.code}' for s in process.states.values())
    yield f"[*] --> {process.initial}"
    for source in process.states:
        for target in dict.fromkeys(s.target for s in process.out_of(source) if s.target):
            steps = [s for s in process.out_of(source) if s.target == target]
            yield f"{source} --> {target}: {'、'.join(map(_label, steps))}"
    yield from (f"{s.code} --> [*]" for s in process.states.values() if s.closed)


def _label(step: Step) -> str:
    return f"{step.number} {step.title}" if step.number else step.title
