"""Which organisation a page is about: the one in the address, else the one chosen, else one's own.

`?org=5` holds for one page; the choice made on the switch page is kept in the session. Not for
access itself: what is named here always went through `records.access`.
"""

from typing import Final

from django.db.models import F, Value
from django.db.models.functions import Length, Replace
from django.http import Http404, HttpRequest

from guantong.records import access, clock
from guantong.records.models import Org
from guantong.records.models.org import OrgQuerySet
from guantong.records.once import kept
from guantong.web import ids

CHOSEN: Final = "org"
DEPTH = Length("path") - Length(Replace(F("path"), Value("/"), Value("")))


def require_any(request: HttpRequest, permission: str) -> None:
    """404 for who may do it nowhere, not even with what is held about himself."""
    far = access.reach(request.user, permission)
    if not far.paths and not far.own_persons:
        raise Http404


def visible(request: HttpRequest) -> OrgQuerySet:
    """The organisations that can be in view, dissolved ones too."""
    return access.orgs(request.user, "ledger.view")


def org_in_view(request: HttpRequest) -> Org | None:
    """Return the organisation of the page; None for who answers for none (a member).

    404 when the address names one that does not exist or is out of reach: the same answer.
    """
    return kept("org in view", lambda: _org_in_view(request))


def _org_in_view(request: HttpRequest) -> Org | None:
    if asked := request.GET.get("org"):
        org = visible(request).filter(pk=ids.read(asked)).first()
        if org is None:
            raise Http404
        return org
    chosen = request.session.get(CHOSEN)
    return (chosen and visible(request).filter(pk=chosen).first()) or own(request)


def own(request: HttpRequest) -> Org | None:
    """The highest organisation in reach, the first by name if there are several."""
    there = visible(request).on(clock.today())
    return there.alias(depth=DEPTH).order_by("depth", "sort_key", "id").first()


def choose(request: HttpRequest, org: Org) -> None:
    request.session[CHOSEN] = org.pk
