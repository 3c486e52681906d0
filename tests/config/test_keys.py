from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from guantong.config.keys import key_file


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "session.key"
    first = key_file(path)
    assert len(first) >= 50
    assert key_file(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "session.key"
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: key_file(path), range(8)))) == 1
    assert list(tmp_path.iterdir()) == [path]
