"""The Python environment of the peers, apart from the project's own and made when first needed.

Polars, pandas and OpenFisca are measured against, never used: they stay out of the project's
locks. `bench/peers/requirements.lock` is written by
`uv pip compile --universal --generate-hashes --python-version 3.12 requirements.in`.
"""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).with_name("peers")
LOCK = PEERS / "requirements.lock"
PLACE = ROOT / ".bench"


class NoEnvironment(Exception):
    """Says how to mend it."""


def python() -> Path:
    """The interpreter in which the peers are installed."""
    interpreter = PLACE / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = PLACE / "stamp", sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print("准备对手的 Python 环境（Polars、pandas、OpenFisca）……", file=sys.stderr, flush=True)
        _build(interpreter)
        stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def _build(interpreter: Path) -> None:
    shutil.rmtree(PLACE, ignore_errors=True)
    asked = ["install", "-q", "--require-hashes", "-r", str(LOCK)]
    own = ROOT / ".uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(own) if own.exists() else None)
    _run(sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), str(PLACE))
    if uv:
        _run(uv, "pip", *asked, "--python", str(interpreter))
    else:
        _run(str(interpreter), "-m", "pip", *asked)


def _run(*command: str) -> None:
    env = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    if index := _index():
        env.setdefault("UV_DEFAULT_INDEX", index)
    if subprocess.run(command, env=env, check=False).returncode:
        raise NoEnvironment("对手的环境未能安装：请检查网络或 pip 镜像设置，再运行同一条命令。")


def _index() -> str:
    """uv does not read pip's settings: a mirror configured there is handed on."""
    for key in ("global.index-url", "install.index-url"):
        done = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", key],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.strip()
    return os.environ.get("PIP_INDEX_URL", "")
