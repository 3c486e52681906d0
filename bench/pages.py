"""Every page at 1,200 organisations and 50,000 members: how long the server takes, how often it
asks the database, and whether it asks more often than at a small school.

The pages are those of `guantong.web.urls`, each asked for by an officer of the school, a college's
deputy secretary, a branch's secretary and a member, about the largest thing of its kind that they
can see. A page that needs more than its limit, or more questions than at the small school, fails.
Something that asks once per organisation is measured beside them: it has to be found out.

By processor time the work of PostgreSQL counts too, as Linux tells it of one connection's process.
"""

import logging
import re
import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import grown, school
from bench.timing import Differs, Line, by_cpu, in_child, now
from dev import postgres

MOST, SEARCH = 0.3, 0.1  # seconds at the server
SHOWN = 25
LEEWAY: Final = 4  # questions more: a part that the small school's thing has nothing for
READERS: Final = ("zuzhibu", "xueyuan", "zhishu", "dangyuan")
CONTROL: Final = "control"
# What a page is asked beside its bare address.
ASKED: Final = {
    "search": ("q=SL90001", "q=zjs", "q=zhao", "q=赵甲松", "q=赵", "q=教师第二"),
    "member-list": ("q=zjs", "q=zhao", "q=赵", "q=文学院", "page=9999", "on=2022-06-01",
                    "on=2022-06-01&tree=now", "hours=this", "sort=branch", "status=probationary"),
    "org-list": ("q=教师", "page=9999", "on=2022-06-01"),
    "org": ("on=2022-06-01",),
    "activity-list": ("q=主题", "page=9999", "kind=theme_day"),
    "ledger": ("on=2022-12-31",),
    "ledger-entries": ("verdict=short", "verdict=met&page=200", "obligation=member-study-hours"),
    "case-list": ("q=赵", "state=open"),
    "letters": ("state=stuck",),
    "registers": ("kind=lost", "kind=mobile"),
    "dues": ("month=2023-03",),
    "links": ("kind=pioneer_post",),
    "links-lacking": ("kind=pioneer_post", "kind=pairing", "kind=mentor"),
}  # fmt: skip
WORDS: Final = {
    "link-record": ["pioneer_post"], "certificate-file": ["pdf"], "plan-clause": ["二/(二)/6"],
    "obligation": ["theme-day"], "obligation-switch": ["theme-day"], "reading": ["R-01"],
    "import-template": ["roll"], "case-step": ["review"], "case-fact": ["passed"],
    "paper-template": ["recruitment-application"], "paper-make": ["recruitment-application"],
}  # fmt: skip
PROCESS: Final = ("recruitment",)
CALLED: Final = {
    "change_pk": "OrgChange", "certificate_pk": "HoursCertificate", "span_pk": "Membership",
    "hand_pk": "CaseHand", "check_pk": "DocumentCheck",
}  # fmt: skip
SLOT: Final = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass
class Asked:
    """One page as one reader met it."""

    name: str
    reader: str
    where: str
    status: int = 0
    queries: int = 0
    query: str = ""
    times: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(self.times)

    @property
    def limit(self) -> float:
        return SEARCH if self.name == "search" or "q=" in self.where else MOST

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.reader, self.query


def lines(place: Path, times: int, *, with_postgres: bool, quick: bool) -> Iterable[Line]:
    """The slowest on each database, against the limit; and all that ask more than they should."""
    few = walked(school.Place(place / "pages-small"), grown.SMALL, 1)
    asked = {one.key: one.queries for one in few}
    name, amounts = ("pages-quick", grown.QUICK) if quick else ("pages", grown.BIG)
    with ExitStack() as stack:
        urls = [""]
        if with_postgres:
            urls.append(stack.enter_context(postgres.server()))
        for url in urls:
            big = school.Place(place / name, url)
            yield from of_database(big.engine, asked, walked(big, amounts, times))


def of_database(
    engine: str, asked: dict[tuple[str, str, str], int], found: list[Asked]
) -> Iterator[Line]:
    """`asked`: how many questions each page takes at the small school."""
    growing = [one for one in found if one.queries > asked.get(one.key, one.queries) + LEEWAY]
    if not any(one.name == CONTROL for one in growing):
        raise Differs("A page with a query per row was not found out.")
    pages = [one for one in found if one.name != CONTROL]
    slowest = sorted(pages, key=lambda one: one.seconds / one.limit, reverse=True)
    for one in slowest:
        grows, over = one in growing, one.seconds > one.limit
        if grows or over or one.status >= 500 or one in slowest[:SHOWN]:
            said = f"{one.status} " * (one.status >= 500) + "查询随行数增加 " * grows
            before = asked.get(one.key, "–")
            note = f"{said}{one.queries} 次查询（小校 {before}）{one.reader} {one.where}"
            yield Line(f"{one.name} {engine}", one.seconds, one.limit, note=note, goal=1)


def walked(place: school.Place, amounts: grown.Amounts, times: int) -> list[Asked]:
    place.data.mkdir(parents=True, exist_ok=True)
    in_child(grown.build, place, amounts)
    found: list[Asked] = in_child(walk, place, times)[0]
    return found


def walk(place: school.Place, times: int) -> list[Asked]:
    school.enter(place)
    from django.test import Client

    import guantong.config.wsgi  # noqa: F401  # as a worker of the server begins
    from guantong.records.models import User
    from guantong.web.urls import urlpatterns

    logging.getLogger("django.request").setLevel(logging.ERROR)  # what is not there is no news
    clock = _clock(place)
    found = [_asked(Asked(CONTROL, "", ""), _careless, 0, clock)]
    for reader in READERS:
        client = Client(raise_request_exception=False, headers={"host": "localhost"})
        user = User.objects.get(username=reader)
        client.force_login(user)
        things = Things(user)
        client.get("/")
        for page in urlpatterns:
            address = things.address(str(page.pattern), page.name or "")
            if address is None:
                continue
            for query in ("", *ASKED.get(page.name or "", ())):
                where = f"{address}?{query}" if query else address
                one = Asked(page.name or "", reader, where, query=query)
                get = partial(_status, client, where)
                found.append(_asked(one, get, times, clock))
    return found


def _status(client: Any, where: str) -> int:
    return int(client.get(where).status_code)


def _careless() -> int:
    from guantong.records.models import Org

    for org in Org.objects.all():
        org.former_names.first()
    return 200


def _asked(one: Asked, get: Callable[[], int], times: int, clock: Callable[[], float]) -> Asked:
    from django.db import connection

    def count(execute: Any, *query: Any) -> Any:
        one.queries += 1
        return execute(*query)

    if times:
        get()  # a past day's ledger is worked out by the first who asks, and kept
    with connection.execute_wrapper(count):
        one.status = get()
    for _ in range(times):
        start = clock()
        get()
        one.times.append(clock() - start)
    return one


def _clock(place: school.Place) -> Callable[[], float]:
    if not (place.url and by_cpu()):
        return now
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # all in the one process
        cursor.execute("SELECT pg_backend_pid()")
        told = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    return lambda: now() + int(told.read_text().split()[0]) / 1e9


class Things:
    """What stands in the addresses: of the user's organisation, else of any below it."""

    def __init__(self, user: Any) -> None:
        from guantong.records import access
        from guantong.records.models import Org

        self.user = user
        orgs = access.orgs(user, "org.view").filter(valid_to=None)
        self.org: Org = orgs.order_by("path").first() or Org.objects.filter(kind="branch")[0]
        self.below = Org.objects.below(self.org)
        self.person = user.person if user.person and not orgs else self._person()

    def _person(self) -> Any:
        from guantong.records.models import Person

        there = Person.objects.filter(memberships__org__in=self.below, memberships__valid_to=None)
        return there.order_by("pk").first()

    def address(self, route: str, name: str) -> str | None:
        """None: nothing of the kind to ask about."""
        words = list(WORDS.get(name, PROCESS if "cases/of/" in route else ()))
        if name == "case-bulk":
            words.append("review")
        path = route
        for match in SLOT.finditer(route):
            if match[1] == "id":
                pk = self._pk(route[: match.start()], match[2])
                if pk is None:
                    return None
                value = str(pk)
            elif words:
                value = words.pop(0)
            else:
                return None
            path = path.replace(match[0], value, 1)
        return f"/{path}"

    def _pk(self, before: str, slot: str) -> int | None:
        from guantong.records import models as m

        if slot == "pk":
            steps = before.strip("/").split("/")
            if before == "orgs/":
                return int(self.org.pk)
            if before == "members/":
                return int(self.person.pk)
            of_orgs = {"org__in": self.below}
            rows: Any = {
                "entries": m.Entry.objects.filter(assessment__live=True, **of_orgs),
                "kept": m.Assessment.objects.filter(kept=True),
                "library": m.Document.objects.filter(**of_orgs),
                "budget": m.BudgetLine.objects.filter(**of_orgs),
                "spendings": m.Spending.objects.filter(**of_orgs),
                "requests": m.CorrectionRequest.objects,
                "issuers": m.TrustedIssuer.objects,
                "registers": m.Whereabouts.objects.filter(person__memberships__org__in=self.below),
                "letters": m.TransferLetter.objects.filter(
                    person__memberships__org__in=self.below
                ),
                "links": m.Relation.objects.filter(other_org__in=self.below),
                "reliefs": m.DuesRelief.objects,
                "follow-ups": m.FollowUp.objects,
                "months": m.ClosedMonth.objects.filter(**of_orgs),
                "activities": m.Activity.objects.filter(hosts__in=self.below, withdrawn_at=None),
                "calls": m.Call.objects,
                "papers": m.PaperTemplate.objects,
                "cases": m.Case.objects.filter(**of_orgs, process=PROCESS[0]),  # alike everywhere
                "import": m.ImportBatch.objects,
                "sources": m.ImportSource.objects,
            }[steps[-1]]
            found = rows.order_by("-pk").values_list("pk", flat=True).first()
            return found if found is None else int(found)
        kind = CALLED.get(slot, slot.removesuffix("_pk").title())
        model: Any = getattr(m, kind)
        owner = {"orgs": {"org": self.org.pk}, "members": {"person": self.person.pk}}
        about = owner.get(before.split("/")[0], {})
        names = {column.name for column in model._meta.fields}
        rows = model.objects.filter(**{k: v for k, v in about.items() if k in names})
        found = rows.values_list("pk", flat=True).first()
        return None if found is None else int(found)
