"""Finding people by what somebody types: names, spellings, numbers, and where they are.

Not for who may be found: the caller hands in those in reach.
"""

from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from guantong.records.models import Membership, Org
from guantong.records.models.org import OrgQuerySet
from guantong.records.models.person import PersonQuerySet

FEW: Final = 20  # organisations to which one word may lead
WORDS: Final = 4


def people(found: PersonQuerySet, text: str, orgs: OrgQuerySet) -> PersonQuerySet:
    """Those whom the text names, or each word of it: themselves or where they are now."""
    named = found.search(text)
    words = text.split()[:WORDS]
    places = [list(orgs.search(word)[:FEW]) for word in words]
    if not any(places):
        return named
    both = Q()
    for word, there in zip(words, places, strict=True):
        both &= Q(pk__in=found.search(word).values("pk")) | _in(there)
    together = Q(pk__in=named.values("pk")) if len(words) > 1 else Q()  # one word says the same
    return found.filter(together | both)


def _in(orgs: Sequence[Org]) -> Q:
    """In one of them, or below it."""
    if not orgs:
        return Q(pk__in=())
    below = Org.objects.below(*orgs)
    return Q(pk__in=Membership.objects.filter(valid_to=None, org__in=below).values("person"))
