"""Looking a thing up once while one page is read: nobody's roles change in between, nor the day.

Only what every part of a page asks again goes through here. Outside `once` nothing is kept, so
that an action always sees what holds now.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_kept: ContextVar[dict[Hashable, Any] | None] = ContextVar("kept", default=None)


@contextmanager
def once() -> Iterator[None]:
    """While this lasts, what `kept` has looked up is not looked up again."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def kept[T](key: Hashable, look_up: Callable[[], T]) -> T:
    found = _kept.get()
    if found is None:
        return look_up()
    if key not in found:
        found[key] = look_up()
    answer: T = found[key]
    return answer
