"""The facts that the benchmark makes hold a row of everything that rules may read."""

from bench import nation
from guantong.obligations.tables import TABLES


def test_every_table_of_facts_is_made(tmp_path):
    made = nation.make(tmp_path, nation.Size(members=6_000))
    with nation.opened(made) as facts:
        for name in TABLES:
            assert facts.execute(f"SELECT count(*) FROM {name}").fetchone() > (0,), name
