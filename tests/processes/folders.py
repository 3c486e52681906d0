"""The processes of a catalogue folder, loaded as the commands load them."""

from pathlib import Path

import yaml

from guantong.processes.load import Loaded, load_processes


def processes_of(folder: Path) -> dict[str, Loaded]:
    plans = [_read(path) for path in sorted((folder / "plans").glob("*.yaml"))]
    return load_processes(
        folder,
        regulations=_read(folder / "regulations.yaml"),
        clauses={plan["instrument"]: {c["path"] for c in plan["clauses"]} for plan in plans},
        posts=_read(folder / "kinds.yaml")["posts"],
    )


def _read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
