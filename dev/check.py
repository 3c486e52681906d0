"""`python3 run check`: the one gate. Every line of GATES runs; all must pass.

One line a gate with its seconds; what a gate says is shown only when it fails. A gate whose
command does not exist fails like any other: nothing is skipped.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
CODE = ("guantong", "dev", "manage.py")
IMPORT_LINTER = "from importlinter.cli import lint_imports_command as main; main()"
REAL_SITE = {"ALLOWED_HOSTS": "party.example.edu.cn"}


@dataclass(frozen=True)
class Gate:
    name: str
    command: tuple[str, ...]  # after the interpreter
    env: dict[str, str] = field(default_factory=dict)


GATES = (
    Gate("类型 types", ("-m", "mypy", *CODE)),
    Gate("格式 format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
    Gate("规范 lint", ("-m", "ruff", "check", "--quiet", ".")),
    Gate("分层 layers", ("-c", IMPORT_LINTER, "--no-logo")),
    Gate("系统 system", ("manage.py", "check", "--fail-level", "WARNING")),
    Gate(
        "部署 deployment",
        ("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        REAL_SITE,
    ),
    Gate("迁移 migrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
    Gate("规则目录 catalogue", ("manage.py", "check-catalogue")),
    Gate("文档 docs", ("manage.py", "docs", "--check")),
)


@dataclass(frozen=True)
class Result:
    gate: Gate
    passed: bool
    seconds: float
    output: str


def try_gate(gate: Gate, data: str) -> Result:
    start = monotonic()
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, *gate.command],
        cwd=ROOT,
        env={**env, "GUANTONG_DATA": data, "PYTHONUTF8": "1", **gate.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Result(gate, done.returncode == 0, monotonic() - start, done.stdout)


def results() -> Iterator[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="guantong-check-") as data,
        ThreadPoolExecutor(max_workers=2) as pool,
    ):
        yield from pool.map(lambda gate: try_gate(gate, data), GATES)


def check() -> tuple[int, int]:
    """Print the gates as they end; answer how many passed and how many failed."""
    failed = 0
    for result in results():
        sign = "✓" if result.passed else "✗"
        print(f"{sign} {result.gate.name}  {result.seconds:.1f} s", flush=True)
        if not result.passed:
            failed += 1
            print(result.output.rstrip(), flush=True)
    return len(GATES) - failed, failed


def main(args: list[str]) -> int:
    if args:
        print("check 没有选项。用法：python3 run check", file=sys.stderr)
        return 2
    passed, failed = check()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
