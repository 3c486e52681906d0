"""A folder of fact tables on Spark: the same compiled SQL, over views on the Parquet files.

The folder must be found under the same path by the driver and by every worker. CSV files are read
here and handed over; Parquet is read where the work is done. Each shared stage of a question
becomes a view that is kept while the question is answered, since Spark would otherwise work it
out again wherever it is named. The answer comes back in columns.

PySpark is an extra: nothing here is imported before a session is asked for.
"""

import os
import re
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp, transpile

from guantong.obligations import faults, folder, in_duckdb
from guantong.obligations import model as m
from guantong.obligations.compile import compile_question
from guantong.obligations.lines import Summary, write_lines
from guantong.obligations.tables import TABLES

OLDEST_JAVA = 17
REACHED_WITHIN = 5  # seconds for the master to answer
STAFFED_WITHIN = 60  # seconds for the first worker to take part
LARGE = 64 * 2**20  # bytes from which the values of a table are looked at by the cluster
LOOPBACK = "127.0.0.1"
SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # a value that does not fit is an error, never a null
    "spark.sql.session.timeZone": "UTC",
    # The plans are long, and what could be inferred from conditions is not worth the time; over
    # stages that were kept Spark 4.0 even fails at it (key not found, in rewriteConstraints).
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.ui.enabled": "false",  # it would listen on every interface
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.maxResultSize": "0",  # the answer is as long as the ledger
}


class EngineMissing(Exception):
    """Spark cannot be used here; says what is missing and how to get it."""


@dataclass(frozen=True)
class Facts:
    """A folder as views of a Spark session, with what was noticed."""

    session: Any
    notes: tuple[str, ...]

    def write(self, question: m.Question, path: Path) -> Summary:
        """Write the entries of a question as sorted CSV."""
        with in_duckdb.connected() as connection:
            connection.register("answered", answer(self.session, question))
            return write_lines(connection, "answered", path)


@contextmanager
def opened(place: Path, master: str, kinds: folder.Kinds | None = None) -> Iterator[Facts]:
    """Yield the facts in a folder; raise EngineMissing or FactsError with all that is wrong.

    `kinds` as in `folder.opened`.
    """
    host = require(master)
    with folder.loaded(place) as (held, copy):
        small = {name for name, h in held.items() if h.is_csv or h.size < LARGE}
        loose = folder.look(folder.duckdb_ask(copy), held, small, kinds)
        notes = [*folder.absent(place, held), *loose]
        with connected(master, host) as session, told():
            for name in TABLES:
                load(session, held.get(name), copy, name)
            _share_out(session)
            notes += folder.look(spark_ask(session), held, held.keys() - small, kinds)
            yield Facts(session, tuple(notes))


# ---------------------------------------------------------------- is it there


def require(master: str) -> str:
    """Return the address by which workers reach this machine; EngineMissing if they cannot."""
    if find_spec("pyspark") is None:
        raise EngineMissing("没有安装 Spark 组件。处理：python3 run extra spark")
    _require_java()
    return _address(master)


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    where = f"JAVA_HOME（{home}）里" if home else "这台机器上"
    remedy = f"处理：安装 Java {OLDEST_JAVA}，或用 JAVA_HOME 指出它的目录"
    if java is None:
        raise EngineMissing(f"Spark 需要 Java，{where}没有。{remedy}")
    try:
        done = subprocess.run([java, "-version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise EngineMissing(f"{java} 不能运行。{remedy}") from None
    version = re.search(rb'version "(\d+)', done.stderr)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = version[1].decode() if version else "不能运行"
        raise EngineMissing(f"Spark 需要 Java {OLDEST_JAVA} 以上，{where}的是 {found}。{remedy}")


def _address(master: str) -> str:
    """The address of this machine on the way to the master; asking shows that it is there."""
    if not master.startswith("spark://"):
        return LOOPBACK if master.startswith("local") else ""
    reasons = []
    for one in master.removeprefix("spark://").split(","):
        host, _, port = one.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=REACHED_WITHIN) as reached:
                return str(reached.getsockname()[0])
        except OSError as error:
            reasons.append(f"{one}：{error.strerror or error}")
    raise EngineMissing(
        f"连不上 Spark 主节点（{'；'.join(reasons)}）。"
        "处理：核对 --master，确认主节点已启动、端口可达"
    )


@contextmanager
def connected(master: str, host: str) -> Iterator[Any]:
    """Yield a session on a cluster where at least one worker takes part."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    settings = dict(SETTINGS)
    if host:
        settings |= {"spark.driver.host": host, "spark.driver.bindAddress": host}
        os.environ.setdefault("SPARK_LOCAL_IP", host)
    builder = SparkSession.builder.appName("guantong").master(master)
    try:
        session = builder.config(map=settings).getOrCreate()
    except (Py4JError, PySparkException, RuntimeError) as error:
        raise EngineMissing(
            f"Spark 没有启动（{reason(error)}）。处理：核对 --master {master} 和集群的日志"
        ) from None
    try:
        _require_worker(session, master)
        yield session
    finally:
        session.stop()


def _require_worker(session: Any, master: str) -> None:
    """A master without free workers accepts the work and never does it."""
    tracker = session.sparkContext._jsc.sc().statusTracker()
    until = monotonic() + STAFFED_WITHIN
    # The first of the executors is the driver itself.
    while not master.startswith("local") and len(tracker.getExecutorInfos()) < 2:
        if monotonic() > until:
            raise EngineMissing(
                f"{STAFFED_WITHIN} 秒内没有工作节点接活。处理：确认工作节点已登记、内存和核够用"
            )
        sleep(0.25)


def _share_out(session: Any) -> None:
    """Spark cuts into 200 parts whatever there is, unless told otherwise."""
    setting = "spark.sql.shuffle.partitions"
    if not session.sparkContext.getConf().contains(setting):
        session.conf.set(setting, str(2 * session.sparkContext.defaultParallelism))


@contextmanager
def told() -> Iterator[None]:
    """Say in one line what went wrong on the cluster."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise faults.FactsError(
            f"Spark 没有算完（{reason(error)}）。处理：确认每个工作节点都能按同一路径读到事实表，"
            "再看集群的日志"
        ) from None


def reason(error: BaseException) -> str:
    """The line that says what happened; what Java threw comes after a colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    thrown = [line.removeprefix(": ") for line in lines if line.startswith(": ")]
    return [*thrown, *lines, type(error).__name__][0][:300]


# ---------------------------------------------------------------- the facts as views


def load(
    session: Any, held: folder.Held | None, copy: duckdb.DuckDBPyConnection, name: str
) -> None:
    """Make a fact table a view: of the Parquet files, or of columns handed over from here."""
    if held is None or held.is_csv:
        return register(session, name, copy.sql(f'FROM "{name}"').to_arrow_table())
    # Folders `top=3` are no column. Without a schema Spark would start a job to find it.
    reader = session.read.option("recursiveFileLookup", "true").schema(_schema(held))
    reader.parquet(*map(_location, held.paths)).createOrReplaceTempView(f"{name}_as_given")
    typed = f'SELECT {", ".join(folder.casts(held))} FROM "{name}_as_given"'
    session.sql(transpile(typed, "duckdb", "spark")[0]).createOrReplaceTempView(name)
    return None


def register(session: Any, name: str, columns: pa.Table) -> None:
    session.createDataFrame(columns).createOrReplaceTempView(name)


def _schema(held: folder.Held) -> str:
    """The columns as the files have them, in Spark's words."""
    return ", ".join(
        f"`{column}` {exp.DataType.build(name, dialect='duckdb').sql('spark')}"
        for column, name in folder.sql_types(held).items()
    )


def _location(path: Path) -> str:
    """As a local file, whatever the cluster's own file system; Spark takes names for patterns."""
    name = path.resolve().as_posix().removeprefix("/")
    return "file:///" + re.sub(r"([*?\[\]{}\\])", r"\\\1", name)


def spark_ask(session: Any) -> faults.Ask:
    return lambda query: [tuple(row) for row in session.sql(query.sql("spark")).collect()]


# ---------------------------------------------------------------- the answer


def answer(session: Any, question: m.Question) -> pa.Table:
    """Return the rows of a question's query, in columns and unsorted."""
    query = compile_question(question, exp.to_table)
    stages = {stage.alias: stage.this for stage in query.ctes}
    query.set("with_", None)
    readers = Counter(t.name for q in (*stages.values(), query) for t in q.find_all(exp.Table))
    calendars = {name for name, stage in stages.items() if stage.find(exp.Table) is None}
    with in_duckdb.connected() as connection:
        for name in calendars:
            days = connection.sql(stages[name].sql(dialect="duckdb")).to_arrow_table()
            register(session, name, days)
    for name, stage in stages.items():
        if name not in calendars:
            view = session.sql(stage.sql(dialect="spark"))
            view = view.localCheckpoint() if readers[name] > 1 else view
            view.createOrReplaceTempView(name)
    return session.sql(query.sql(dialect="spark")).toArrow()
