from collections.abc import Iterator

from guantong.records.once import kept, once


def counter() -> Iterator[int]:
    yield from range(1, 9)


def test_a_thing_is_looked_up_once_while_a_page_is_read() -> None:
    calls = counter()
    with once():
        assert [kept("day", lambda: next(calls)) for _ in range(3)] == [1, 1, 1]
        assert kept("other", lambda: next(calls)) == 2
    with once():
        assert kept("day", lambda: next(calls)) == 3


def test_nothing_is_kept_outside() -> None:
    calls = counter()
    assert [kept("day", lambda: next(calls)) for _ in range(2)] == [1, 2]
