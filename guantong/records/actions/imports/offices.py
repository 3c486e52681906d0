"""Writes what was decided about a sheet of posts: in bulk, as `actions.posts` does it singly."""

from collections.abc import Sequence

from guantong.records.actions import ledger, posts, rows, traces
from guantong.records.actions.traces import Trace, between
from guantong.records.imports.decisions import ForPost
from guantong.records.imports.people import in_chunks
from guantong.records.models import Post


def write(work: Sequence[ForPost]) -> tuple[list[Trace], ledger.Touch]:
    """Return what undoing needs, and what the ledger has to look at again."""
    known = {one.post_id: one for one in work if one.post_id}
    held = list(in_chunks(Post.objects.select_for_update(), "pk", known))
    before = traces.snapshot(held)
    for post in held:
        for name, value in known[post.pk].fields.items():
            setattr(post, name, value)
    new = [Post(**one.fields) for one in work if one.post_id is None]
    for post in (*held, *new):
        rows.check(post)
    rows.put(held, sorted({name for one in known.values() for name in one.fields}))
    Post.objects.bulk_create(new, batch_size=rows.AT_ONCE)
    ids = {post.pk for post in (*held, *new)}
    made = between(before, traces.snapshot(in_chunks(Post.objects.all(), "pk", ids)))
    touch = ledger.Touch(
        org_ids=frozenset(post.org_id for post in (*held, *new)),
        person_ids=frozenset(post.person_id for post in (*held, *new)),
        first_day=min(post.valid_from for post in (*held, *new)),
        tables=posts.TABLES,
    )
    return made, touch
