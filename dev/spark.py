"""A throw-away Spark cluster for the tests: a master and two workers of one core on loopback.

Real processes of the `pyspark` package's own launcher, each in a process group of its own, which
ends with the group. If this process is killed they end too (where the system can see to that).
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

LOOPBACK = "127.0.0.1"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
WORKERS = 2
PATIENCE = 120  # seconds; a busy machine takes its time
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class NoSpark(Exception):
    """Says what did not start, with the end of its log."""


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a master with two workers."""
    with tempfile.TemporaryDirectory(prefix="gtsp") as folder, ExitStack() as stack:
        home = Path(folder)
        port = f"--host {LOOPBACK} --port 0 --webui-port 0".split()
        log = stack.enter_context(_daemon(home, "master", MASTER, *port))
        address = _wait(log, r"Starting Spark master at (spark://\S+)")[0]
        for number in range(WORKERS):
            worker = f"{' '.join(port)} --cores 1 --memory 1g".split()
            stack.enter_context(_daemon(home, f"worker-{number}", WORKER, *worker, address))
        _wait(log, r"Registering worker", WORKERS)
        yield address


@contextmanager
def _daemon(home: Path, name: str, main: str, *args: str) -> Iterator[Path]:
    """Run one of Spark's programs; yield where it logs. Its executors are in its group."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise NoSpark("没有安装 Spark 组件。处理：python3 run extra spark")
    spark, log = Path(spec.origin).parent, home / f"{name}.log"
    env = {
        **os.environ,
        "SPARK_HOME": str(spark),
        "SPARK_LOCAL_IP": LOOPBACK,  # what a web page listens on
        "SPARK_WORKER_DIR": str(home / "work"),
        "SPARK_LOCAL_DIRS": str(home / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
    }
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [spark / "bin" / "spark-class", main, *args],
            cwd=home,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    try:
        yield log
    finally:
        _end(process)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes]) -> None:
    """A worker that is asked to stop ends its executors; what is left of the group is killed."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(log: Path, pattern: str, times: int = 1) -> list[str]:
    """Wait until the log says it so many times."""
    until = monotonic() + PATIENCE
    while monotonic() < until:
        text = log.read_text(encoding="utf-8", errors="replace")
        if len(found := re.findall(pattern, text)) >= times:
            return found
        sleep(0.1)
    raise NoSpark(f"{log.stem}：{PATIENCE} 秒内没有就绪\n{text[-2000:]}")
