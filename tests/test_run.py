"""`run` must be understood by the oldest Python that may start it, and say how it is used."""

import ast
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent.parent / "run"


def answer(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, RUN, *words], capture_output=True, encoding="utf-8", check=False
    )


def test_an_old_python_can_read_it() -> None:
    assert ast.parse(RUN.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_without_a_word_it_shows_the_words_and_ends_with_2() -> None:
    done = answer()
    assert done.returncode == 2
    assert "用法：python3 run" in done.stderr


def test_an_unknown_word_is_refused_in_chinese() -> None:
    done = answer("no-such-word")
    assert (done.returncode, done.stdout) == (2, "")
    assert "没有“no-such-word”这个命令" in done.stderr


def test_wrong_options_of_test_and_check_end_with_2() -> None:
    assert answer("test", "--no-such").returncode == 2
    assert answer("check", "--no-such").returncode == 2


def test_every_word_of_its_own_is_named_in_its_usage() -> None:
    words = ast.literal_eval(
        RUN.read_text(encoding="utf-8").partition("DEV_WORDS = ")[2].partition("\n}")[0] + "\n}"
    )
    usage = answer("--help").stdout
    assert not [word for word in words if f"\n  {word} " not in usage]
