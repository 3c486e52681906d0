"""The examples that every process file brings: how a case goes, and steps that are refused.

`courses` are whole ways through the process, each a list of steps with day and fields; one may
begin as another does (`after`, `until`). An example takes a course up to its `step`, takes that
step with what it changes, and says what comes of it. `usual` are the given facts of all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from guantong.conditions.yaml_file import Fields
from guantong.processes import model as m
from guantong.processes.engine import StepRefused, advance
from guantong.processes.facts import Attempt
from guantong.processes.load import END, Loaded

SUBJECT = 1
EXPECTED = ("refused", "because", "lands", "reminders")


@dataclass(frozen=True)
class Move:
    attempt: Attempt
    given: m.Values


@dataclass(frozen=True)
class Example:
    says: str
    before: tuple[Move, ...]
    move: Move | None  # none: the course itself is tried
    variants: frozenset[str]
    refused: tuple[str, ...] | None = None
    because: str = ""
    lands: str = ""
    reminders: tuple[str, ...] | None = None

    def differences(self, process: m.Process) -> list[str]:
        """What comes out otherwise than the example says; empty when it agrees."""
        case = m.open_case(process, person_id=_person(process), variants=self.variants)
        try:
            for move in self.before:
                case = take(process, case, move)
        except StepRefused as refused:
            return [f"走不到这一步：{refused}"]
        if self.move is None:
            return self._landed(case)
        try:
            return self._landed(take(process, case, self.move))
        except StepRefused as refused:
            return self._refusal(refused)

    def _landed(self, case: m.Case) -> list[str]:
        if self.refused is not None or self.because:
            return ["应被拒绝，却办成了"]
        found = []
        if self.lands and case.state != self.lands:
            found.append(f"应到 {self.lands}，却到了 {case.state}")
        if self.reminders is not None and self.reminders != case.history[-1].reminders:
            found.append(f"应提醒 {self.reminders}，却提醒了 {case.history[-1].reminders}")
        return found

    def _refusal(self, refused: StepRefused) -> list[str]:
        if self.refused is None and not self.because:
            return [f"应办成，却被拒绝：{refused}"]
        if self.because:
            return [] if self.because in str(refused) else [f"理由不符：{refused}"]
        same = self.refused == refused.rules
        return [] if same else [f"应被 {self.refused} 拒绝，却是 {refused.rules}：{refused}"]


def take(process: m.Process, case: m.Case, move: Move) -> m.Case:
    return advance(process, case, move.attempt, today=move.attempt.on, given=move.given)


def _person(process: m.Process) -> int | None:
    return SUBJECT if process.of_person else None


# ---------------------------------------------------------------- reading them


def tried(loaded: Loaded) -> list[Example]:
    return list(examples(loaded))


def faults(loaded: Loaded) -> Iterator[str]:
    """Yield each example that comes out otherwise than it says, and each rule without one."""
    at, found = f"processes/{loaded.path.name}", tried(loaded)
    for example in found:
        differences = example.differences(loaded.process)
        yield from (f"{at} 例“{example.says}”：{difference}" for difference in differences)
    yield from (f"{at}：{lack}" for lack in lacking(loaded, found))


def examples(loaded: Loaded) -> Iterator[Example]:
    """Yield the examples of a file, its courses first; CatalogueError if malformed."""
    at = f"processes/{loaded.path.name}:"
    f = Fields({k: v for k, v in loaded.trials.items() if v is not None}, at)
    usual = f.take("usual", dict, {})
    courses = _courses(loaded.process, f.fields("courses"), usual)
    for name, (moves, end) in courses.items():
        yield Example(f"办理过程 {name}", moves, None, loaded.process.usual(), lands=end)
    for one in f.each("examples"):
        yield _example(loaded.process, one, courses)


def lacking(loaded: Loaded, found: list[Example]) -> Iterator[str]:
    """What the examples leave out: each rule needs one that it refuses or reminds of."""
    if len([e for e in found if e.move]) < 3:
        yield "不到三个例子"
    bitten = {r for e in found for r in (*(e.refused or ()), *(e.reminders or ()))}
    hands = {e.move.attempt.step for e in found if e.move and "same_hand" in (e.refused or ())}
    for step in loaded.process.steps.values():
        yield from (
            f"规则“{r.id}”没有一个被它拦下或提醒的例子" for r in step.rules if r.id not in bitten
        )
        if step.not_by and step.name not in hands:
            yield f"步骤“{step.name}”没有由同一人办理而被拒绝（same_hand）的例子"


type Courses = dict[str, tuple[tuple[Move, ...], str]]


def _courses(process: m.Process, f: Fields, usual: m.Values) -> Courses:
    found: Courses = {}
    for name in list(f.data):
        if isinstance(f.data[name], list):
            found[name] = (tuple(_move(process, o, usual) for o in f.each(name)), "")
            continue
        course = f.fields(name)
        start = _known(found, course, "after")[0] if course.has("after") else ()
        if course.has("until"):
            start = _up_to(start, course.text("until"), course)
        then = tuple(_move(process, o, usual) for o in course.each("then"))
        found[name] = ((*start, *then), course.text("lands", ""))
        course.done()
    return found


def _known(courses: Courses, f: Fields, key: str) -> tuple[tuple[Move, ...], str]:
    name = f.text(key, "main")
    if name not in courses:
        raise f.wrong(key, f"没有办理过程“{name}”", f"可用：{'、'.join(courses)}")
    return courses[name]


def _up_to(moves: tuple[Move, ...], step: str, f: Fields) -> tuple[Move, ...]:
    """The moves before the step was first taken; `end`: all of them."""
    if step == END:
        return moves
    for i, move in enumerate(moves):
        if move.attempt.step == step:
            return moves[:i]
    raise f.wrong("step", f"办理过程里没有“{step}”", "写 until 指明走到哪一步之前")


def _move(process: m.Process, f: Fields, usual: m.Values) -> Move:
    step = _step(process, f)
    actor = f.text("as", step.who[0])
    move = Move(
        Attempt(
            step=step.name,
            on=f.day("on"),
            by=f.take("by", int, _someone(process, actor)),
            actors=frozenset({actor}),
            fields=values(step, f.take("with", dict, {})),
            reasons=f.take("reasons", dict, {}),
        ),
        {**usual, **f.take("given", dict, {})},
    )
    f.done()
    return move


def _step(process: m.Process, f: Fields) -> m.Step:
    name = f.text("step")
    if name not in process.steps:
        raise f.wrong("step", f"没有步骤“{name}”", f"可用：{'、'.join(process.steps)}")
    return process.steps[name]


def _someone(process: m.Process, actor: str) -> int:
    return SUBJECT if actor == "self" else 100 + list(process.actors).index(actor)


def values(step: m.Step, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a step as the engine wants them: exact numbers, tally sheets as such."""
    sheets = {f.name for f in step.fields if f.type is m.FieldType.VOTES}
    return {
        name: tuple(m.CandidateVotes(**row) for row in value)
        if name in sheets
        else Decimal(str(value))
        if isinstance(value, float)
        else value
        for name, value in given.items()
    }


def _example(process: m.Process, f: Fields, courses: Courses) -> Example:
    moves, _ = _known(courses, f, "course")
    step = _step(process, f)
    if not any(f.has(key) for key in EXPECTED):
        raise f.wrong("refused", "没有写明结果", f"{'、'.join(EXPECTED)} 之一")
    until, changes = f.text("until", step.name), f.take("change", dict, {})
    every = (*moves, *(move for others, _ in courses.values() for move in others))
    example = Example(
        says=f.text("says"),
        before=tuple(_changed(move, changes, process) for move in _up_to(moves, until, f)),
        move=_tried(process, step, f, every),
        variants=frozenset(f.names("variants", sorted(process.usual()))),
        refused=f.names("refused") if f.has("refused") else None,
        because=f.text("because", ""),
        lands=f.text("lands", ""),
        reminders=f.names("reminders") if f.has("reminders") else None,
    )
    f.known += ["refused", "reminders"]
    f.done()
    return example


def _tried(process: m.Process, step: m.Step, f: Fields, moves: tuple[Move, ...]) -> Move:
    """The step as a course takes it, with what the example says otherwise."""
    usual = next((move for move in moves if move.attempt.step == step.name), None)
    if usual is None:
        raise f.wrong("step", f"没有哪个办理过程走过“{step.name}”", "在 courses 中走一次")
    before = usual.attempt
    actor = f.text("as", next(iter(before.actors)))
    by = _someone(process, actor) if actor not in before.actors else before.by
    attempt = Attempt(
        step=step.name,
        on=f.take("on", date, before.on),
        by=f.take("by", int, by),
        actors=frozenset({actor}),
        fields=_known_only({**(before.fields or {}), **values(step, f.take("with", dict, {}))}),
        reasons={**(before.reasons or {}), **f.take("reasons", dict, {})},
    )
    return Move(attempt, {**usual.given, **f.take("given", dict, {})})


def _known_only(fields: m.Values) -> m.Values:
    """Without those that an example leaves out by saying `none`."""
    return {name: value for name, value in fields.items() if value != "none"}


def _changed(move: Move, changes: Mapping[str, Any], process: m.Process) -> Move:
    """The move with what the example changes of it: `step.on`, `step.by` or `step.field`."""
    step = move.attempt.step
    own = {k.partition(".")[2]: v for k, v in changes.items() if k.partition(".")[0] == step}
    if not own:
        return move
    on: date = own.pop("on", move.attempt.on)
    by: int = own.pop("by", move.attempt.by)
    fields = _known_only({**(move.attempt.fields or {}), **values(process.steps[step], own)})
    return replace(move, attempt=replace(move.attempt, on=on, by=by, fields=fields))
