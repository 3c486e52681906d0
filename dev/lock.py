"""Writes the lock files anew from `pyproject.toml`:  .venv/bin/python -m dev.lock [PACKAGE…]

Named packages are moved to their newest release, all others stay where `uv.lock` has them.
`uv.lock` itself names file hosts, so it stays on the machine; what is committed is uv's export
with hashes and markers alone, which any mirror of the package index can serve.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPORTS = {
    "requirements.lock": ["--no-dev", "--extra", "postgres"],
    "requirements-dev.lock": ["--extra", "postgres"],
    "requirements-uv.lock": ["--only-group", "bootstrap"],
    "requirements-spark.lock": ["--no-dev", "--extra", "postgres", "--extra", "spark"],
}


def main(packages: list[str]) -> None:
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    env = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    upgrades = [word for package in packages for word in ("--upgrade-package", package)]
    subprocess.run([uv, "lock", "-q", *upgrades], cwd=ROOT, env=env, check=True)
    for name, options in EXPORTS.items():
        subprocess.run(
            [uv, "export", "-q", "--frozen", "--no-header", "--no-annotate", "--no-emit-project",
             "--format", "requirements-txt", *options, "-o", name],
            cwd=ROOT, env=env, check=True,
        )  # fmt: skip
        if name == "requirements-spark.lock":
            leave_out(ROOT / name, ROOT / "requirements.lock")
        print(name, (ROOT / name).read_text(encoding="utf-8").count("=="), "packages")


def leave_out(lock: Path, installed: Path) -> None:
    """An extra's lock holds only what comes on top of the runtime's."""
    there = set(entries(installed))
    kept = [entry for entry in entries(lock) if entry not in there]
    lock.write_text("".join(kept), encoding="utf-8", newline="\n")


def entries(lock: Path) -> list[str]:
    return re.split(r"^(?=[a-z])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


if __name__ == "__main__":
    main(sys.argv[1:])
