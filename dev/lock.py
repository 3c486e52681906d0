"""Writes the three lock files anew from `pyproject.toml`:  .venv/bin/python -m dev.lock [PACKAGE…]

Named packages are moved to their newest release, all others stay where `uv.lock` has them.
`uv.lock` itself names file hosts, so it stays on the machine; what is committed is uv's export
with hashes and markers alone, which any mirror of the package index can serve.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPORTS = {
    "requirements.lock": ["--no-dev", "--extra", "postgres"],
    "requirements-dev.lock": ["--extra", "postgres"],
    "requirements-uv.lock": ["--only-group", "bootstrap"],
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
        print(name, (ROOT / name).read_text(encoding="utf-8").count("=="), "packages")


if __name__ == "__main__":
    main(sys.argv[1:])
