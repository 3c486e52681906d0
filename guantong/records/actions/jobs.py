"""Long work in steps: each step commits by itself, the rest can be watched and taken up again.

Steps must be whole in themselves, so that work that died half-way is simply begun anew. A step
commits together with the job's own row, which it holds: a worker whose job was taken over, for it
had not been seen for long, can commit nothing more, so that no step is done by two.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from threading import Thread

from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from guantong.records.models import Job

DEAD_AFTER = timedelta(minutes=5)
TOLD_EVERY = 500

type Steps = Sequence[Callable[[], None]]


class TakenOver(Exception):
    """Somebody else goes on with the work."""


def carry_out(kind: str, plan: Callable[[], Steps]) -> bool:
    """Do the steps one after the other; False if somebody else is at it."""
    job = _begin(kind)
    return job is not None and _carry_out(job, plan)


def _carry_out(job: Job, plan: Callable[[], Steps]) -> bool:
    try:
        steps = plan()
        _write(job, total=len(steps))
        for done, step in enumerate(steps, 1):
            with transaction.atomic():
                _hold(job)
                step()
                _write(job, done=done, seen_at=timezone.now())
    except TakenOver:
        return False
    except BaseException as trouble:
        _write(job, ended_at=timezone.now(), trouble=f"{type(trouble).__name__}：{trouble}"[:500])
        raise
    _write(job, ended_at=timezone.now())
    return True


def start(kind: str, plan: Callable[[], Steps]) -> None:
    """Have the steps done beside the request; within a transaction, at once and in it."""
    if connection.in_atomic_block:
        carry_out(kind, plan)
    elif running(kind) is None and (job := _begin(kind)):  # now: the next page asks for it
        Thread(target=_beside, args=(job, plan), name=kind, daemon=True).start()


def _beside(job: Job, plan: Callable[[], Steps]) -> None:
    try:
        _carry_out(job, plan)
    finally:
        connection.close()


def running(kind: str) -> Job | None:
    """The work of that kind that is being done."""
    job = Job.objects.filter(kind=kind, ended_at=None).first()
    return job if job and _alive(job) else None


def to_tell(kind: str) -> Job | None:
    """The last work of that kind, if it is being done or was not brought to an end."""
    last = Job.objects.filter(kind=kind).last()
    return last if last and (last.trouble or _alive(last)) else None


# How far a step is that has not committed


def counted[One](kind: str, what: str, of: int, some: Iterable[One]) -> Iterator[One]:
    """The same, telling on the way how many of them are done."""
    for done, one in enumerate(some, 1):
        yield one
        if done % TOLD_EVERY == 0 or done == of:
            tell(kind, f"{what} {done:,} / {of:,}")


def tell(kind: str, says: str) -> None:
    """Beside the database, which shows nothing of a step before it commits."""
    cache.set(f"progress:{kind}", says, DEAD_AFTER.total_seconds())


def told(kind: str) -> str:
    return str(cache.get(f"progress:{kind}", ""))


def _alive(job: Job) -> bool:
    """A step may last longer than that, as long as it tells how far it is."""
    seen = job.seen_at >= timezone.now() - DEAD_AFTER
    return job.ended_at is None and (seen or bool(told(job.kind)))


def _begin(kind: str) -> Job | None:
    now = timezone.now()
    if running(kind) is None:
        dead = Job.objects.filter(kind=kind, ended_at=None)
        dead.update(ended_at=now, trouble="中断，没有做完")
    try:
        with transaction.atomic():
            return Job.objects.create(kind=kind, total=0, started_at=now, seen_at=now)
    except IntegrityError:  # one job of a kind at a time
        return None


def _hold(job: Job) -> None:
    """Keep the job until the step has committed; nobody can take it over meanwhile."""
    if not Job.objects.select_for_update().filter(pk=job.pk, ended_at=None).exists():
        raise TakenOver


def _write(job: Job, **values: object) -> None:
    if "ended_at" in values:
        cache.delete(f"progress:{job.kind}")
    for name, value in values.items():
        setattr(job, name, value)
    job.save(update_fields=list(values))
