"""Read the processes of a catalogue. Nothing is half-loaded; every problem names file and key.

The examples of a file are read by `examples`, what is released by `versions`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guantong.conditions.basis import read_bases, read_basis
from guantong.conditions.parse import CatalogueError, Problem
from guantong.conditions.yaml_file import Fields, read
from guantong.processes import model as m
from guantong.processes.rule_file import read_rule
from guantong.processes.sense import nonsense

TRIALS = ("usual", "courses", "examples")
END = "end"  # in examples: the whole course
OPEN = "open"  # as a source: every state that is not closed


@dataclass(frozen=True)
class Loaded:
    """A process and what its file brings to try it out, as written."""

    process: m.Process
    path: Path
    trials: Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What the other files of the catalogue know."""

    regulations: Collection[str]
    clauses: Mapping[str, Collection[str]]  # of each plan, by its instrument
    posts: Collection[str]
    actors: Mapping[str, m.Actor]


def load_processes(
    folder: Path,
    *,
    regulations: Collection[str],
    clauses: Mapping[str, Collection[str]],
    posts: Collection[str],
) -> dict[str, Loaded]:
    """Load `processes/*.yaml` by name, and `processes/earlier/*.yaml` by name and version.

    Raise CatalogueError with every problem found.
    """
    files = sorted((folder / "processes").rglob("*.yaml"))
    if not files:
        return {}
    known = Known(regulations, clauses, posts, load_actors(folder / "actors.yaml", posts))
    loaded: dict[str, Loaded] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            loaded[path.stem] = load_process(path, known)
        except CatalogueError as error:
            problems.extend(error.problems)
    if problems:
        raise CatalogueError(*problems)
    return loaded


def load_actors(path: Path, posts: Collection[str]) -> dict[str, m.Actor]:
    f = read(path, path.name)
    found = {code: _actor(code, f.fields(code), posts) for code in list(f.data)}
    f.done()
    return found


def _actor(code: str, f: Fields, posts: Collection[str]) -> m.Actor:
    at = f.choice("at", ["own", "above", "school"]) if f.has("at") else ""
    actor = m.Actor(code, f.text("title"), f.names("posts", []), at)
    f.done()
    if unknown := set(actor.posts) - set(posts):
        raise f.wrong("posts", f"kinds.yaml 里没有职务 {sorted(unknown)}")
    return actor


def load_process(path: Path, known: Known) -> Loaded:
    at = f"processes/{path.name}"
    f = read(path, at)
    trials = {key: f.data.pop(key, None) for key in TRIALS}
    process = _process(path.stem, f, known.actors)
    if found := list(nonsense(process, at, known.regulations, known.clauses)):
        raise CatalogueError(*found)
    return Loaded(process, path, trials)


def _process(name: str, f: Fields, actors: Mapping[str, m.Actor]) -> m.Process:
    states = _states(f.fields("states"))
    not_closed = tuple(code for code, state in states.items() if not state.closed)
    process = m.Process(
        name=name.partition(".v")[0],
        title=f.text("title"),
        version=f.take("version", int),
        about=f.text("about"),
        serves=tuple(read_basis(b) for b in f.each("serves")),
        of_person=f.choice("of", ["person", "org"]) == "person",
        initial=next(iter(states), ""),
        states=states,
        actors=actors,
        given=read_fields(f.fields("given", {})),
        variants=_variants(f.fields("variants", {})),
        steps=_steps(f.fields("steps"), not_closed),
    )
    f.done()
    return process


def _states(f: Fields) -> dict[str, m.State]:
    """`code: 名称`, or `code: {title: 名称, closed: true}`. The first is where a case begins."""
    found = {}
    if f.has(OPEN):
        raise f.wrong(OPEN, "这个名称另有用处（from: open 指所有未办结的状态）", "换一个")
    for code in list(f.data):
        if isinstance(f.data[code], str):
            found[code] = m.State(code, f.text(code))
            continue
        state = f.fields(code)
        found[code] = m.State(code, state.text("title"), state.take("closed", bool, default=False))
        state.done()
    return found


def _variants(f: Fields) -> dict[str, m.Variant]:
    return {name: _variant(name, f.fields(name)) for name in list(f.data)}


def _variant(name: str, f: Fields) -> m.Variant:
    variant = m.Variant(
        id=name,
        title=f.text("title"),
        basis=read_bases(f),
        on=f.take("on", bool),
        instead_of=f.text("instead_of", ""),
    )
    f.done()
    return variant


def _steps(f: Fields, not_closed: tuple[str, ...]) -> dict[str, m.Step]:
    if f.has(END):
        raise f.wrong(END, "这个名称另有用处（例子里 until: end 指整个办理过程）", "换一个")
    return {name: _step(name, f.fields(name), not_closed) for name in list(f.data)}


def _step(name: str, f: Fields, not_closed: tuple[str, ...]) -> m.Step:
    basis = read_bases(f)
    step = m.Step(
        name=name,
        title=f.text("title"),
        number=f.take("number", int) if f.has("number") else None,
        sources=_sources(f, not_closed),
        target=f.text("to") if f.has("to") else "",
        who=f.names("who"),
        not_by=f.names("not_by", []),
        basis=basis,
        fields=tuple(read_fields(f.fields("records", {})).values()),
        rules=tuple(read_rule(r, basis) for r in f.each("rules", [])),
        documents=tuple(_document(d, f) for d in f.take("documents", list, [])),
        variant=f.text("variant", ""),
    )
    f.known += ["number", "to"]
    f.done()
    return step


def _sources(f: Fields, not_closed: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(f.data.get("from"), list):
        return f.names("from")
    source = f.text("from")
    return not_closed if source == OPEN else (source,)


def read_fields(f: Fields) -> dict[str, m.Field]:
    """What is written down, by name."""
    return {name: _field(name, f.fields(name)) for name in list(f.data)}


def _field(name: str, f: Fields) -> m.Field:
    options = f.take("options", dict, {})
    field = m.Field(
        name=name,
        title=f.text("title"),
        type=m.FieldType(f.choice("type", m.FieldType)),
        required=not f.take("optional", bool, default=False),
        derived=f.text("derived", ""),
        options={str(code): str(title) for code, title in options.items()},
        variant=f.text("variant", ""),
    )
    f.done()
    if bool(field.options) is not (field.type is m.FieldType.CODE):
        raise f.wrong("options", "type: code 要列出可选的值，其他类型不能列")
    return field


def _document(value: object, f: Fields) -> m.Document:
    if isinstance(value, str):
        return m.Document(value)
    one = Fields(value, f.place("documents"))
    document = m.Document(one.text("title"), one.text("variant", ""))
    one.done()
    return document
