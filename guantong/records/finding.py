"""Finding people by what somebody types: names, spellings, numbers, and where they are.

Not for who may be found: the caller hands in those in reach.
"""

from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from guantong.records.models import Membership
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet, spelt

WORDS: Final = 4


def people(found: PersonQuerySet, text: str, orgs: OrgQuerySet) -> PersonQuerySet:
    """Those whom the text names, or each word of it: themselves or where they are now."""
    words = text.split()[:WORDS]
    each = Q()
    for word in words:
        each &= spelt(word) | _in(_places(orgs, word))
    together = spelt(text) if len(words) > 1 else Q()  # one word says the same
    return found.filter(together | each)


def _in(orgs: Sequence[int]) -> Q:
    """Who is in one of them now; no condition at all where there are none."""
    here = Membership.objects.filter(valid_to=None, org__in=orgs)
    return Q(pk__in=here.values("person")) if orgs else Q()


def _places(orgs: OrgQuerySet, word: str) -> list[int]:
    """The organisations that a word names, and all below them."""
    named = {str(pk) for pk in orgs.search(word).values_list("pk", flat=True)}
    if not named:
        return []
    return [pk for pk, path in orgs.values_list("pk", "path") if named & {*path.split("/")}]
