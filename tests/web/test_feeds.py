"""The private calendar of an account: who reads what, and when it dies."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from guantong.records import ledger
from guantong.records.actions import activities, posts, users
from guantong.records.models import CalendarFeed, DigestSubscription, Entry, Event, User
from guantong.web import icalendar
from guantong.web.views import ahead as views_ahead
from tests.factories import TODAY, Cast, make_activity
from tests.web.answers import shown

type SignIn = Callable[[User], Client]
JUNE_20 = date(2023, 6, 20)


def address(client: Client) -> str:
    """A new address, as the page tells it."""
    response = client.post("/calendar/renew/")
    assert response.status_code == 200
    return str(response.context["address"]).removeprefix("http://testserver")


def read(content: bytes) -> list[dict[str, str]]:
    """The events of a calendar as an independent reader takes them: unfolded, unescaped."""
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    events: list[dict[str, str]] = []
    for line in content.replace(b"\r\n ", b"").decode().split("\r\n"):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events and name != "END":
            plain, rest = "", iter(value)
            for letter in rest:
                escaped = next(rest) if letter == "\\" else None
                plain += letter if escaped is None else {"n": "\n"}.get(escaped, escaped)
            events[-1][name.partition(";")[0]] = plain
    return events


def fetched(path: str) -> dict[str, dict[str, str]]:
    """As a phone does: without a session. Summary to event."""
    response = Client().get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/calendar")
    assert not response.cookies
    return {event["SUMMARY"]: event for event in read(response.content)}


def test_a_phone_gets_own_activities_plans_and_days_due(as_: SignIn, held: Cast) -> None:
    make_activity(held.branch, title="读书会；一", held_on=JUNE_20, planned=True, hours=None,
                  starts_at=time(19, 30), place="三教, 201")  # fmt: skip
    make_activity(held.branch, title="培训", held_on=date(2023, 4, 28), last_on=date(2023, 4, 30),
                  starts_at=time(9), late_reason="漏记")  # fmt: skip
    make_activity(held.branch, title="碰头会", kind="branch_committee", hours=None,
                  also=("first_topic",), held_on=date(2023, 6, 1),
                  starts_at=time(9), ends_at=time(9, 20))  # fmt: skip
    make_activity(held.sibling, title="别的支部")
    found = fetched(address(as_(held.secretary)))

    plan = found["（计划）读书会；一"]
    assert (plan["DTSTART"], plan["STATUS"]) == ("20230620T113000Z", "TENTATIVE")
    assert plan["LOCATION"] == "三教, 201"
    assert found["学习讨论"]["DTSTART"] == "20230518"
    assert (found["培训"]["DTSTART"], found["培训"]["DTEND"]) == ("20230428", "20230501")
    assert found["培训"]["DESCRIPTION"].endswith("补录 +48 天")
    assert found["碰头会"]["DTEND"] == "20230601T012000Z"
    assert found["碰头会"]["DESCRIPTION"].startswith("支部委员会会议、第一议题学习 · "), "once"
    assert found["到期：主题党日"]["DTSTART"] == "20230630"
    assert "别的支部" not in found
    everything = str(found)
    assert not [name for name in ("支书甲", "党员甲", "组织员甲") if name in everything]


def test_what_it_shows_goes_with_the_post(as_: SignIn, held: Cast) -> None:
    path = address(as_(held.secretary))
    assert any(title.startswith("到期") for title in fetched(path))

    posts.end(by=None, post=held.secretary_post, on=TODAY)

    assert set(fetched(path)) == {"学习讨论"}  # what any member of the branch sees
    assert not fetched(address(as_(held.stranger)))


def test_a_secret_is_kept_nowhere_and_a_new_one_ends_the_old(as_: SignIn, held: Cast) -> None:
    client = as_(held.secretary)
    first = address(client)
    secret = first.removeprefix("/calendar/").removesuffix(".ics")
    kept = [*CalendarFeed.objects.values_list(), *Event.objects.values_list("detail", "subject")]
    assert secret not in f"{kept}"
    assert len(secret) >= 43
    assert secret not in shown(client.get("/calendar/"))

    second = address(client)

    assert Client().get(first).status_code == 404
    assert fetched(second)
    client.post("/calendar/stop/")
    assert Client().get(second).status_code == 404
    assert Client().get("/calendar/guess.ics").status_code == 404


def test_a_closed_account_has_no_calendar(as_: SignIn, held: Cast) -> None:
    path = address(as_(held.secretary))
    users.disable(by=None, user=held.secretary)

    assert Client().get(path).status_code == 404


def test_what_is_withdrawn_leaves_the_calendar(as_: SignIn, held: Cast) -> None:
    made = make_activity(held.branch, title="写错了")
    path = address(as_(held.secretary))
    assert "写错了" in fetched(path)

    activities.withdraw(by=None, activity=made, version=1, reason="重复")

    assert "写错了" not in fetched(path)


def test_the_digest_is_asked_for_and_given_up_on_the_same_page(as_: SignIn, cast: Cast) -> None:
    client = as_(cast.secretary)
    assert client.post("/calendar/subscribe/", {"email": "nobody"}).status_code == 422
    assert not DigestSubscription.objects.exists()

    client.post("/calendar/subscribe/", {"email": "zhishu@example.edu.cn"})
    assert "正在发到" in shown(client.get("/calendar/"))
    assert "正在发到" not in shown(as_(cast.officer).get("/calendar/"))

    client.post("/calendar/unsubscribe/")
    assert not DigestSubscription.objects.exists()


@settings(max_examples=30)
@given(st.text(), st.text())
def test_any_text_comes_back_as_it_was(summary: str, about: str) -> None:
    made = icalendar.Event(
        "1", datetime(2023, 6, 1, tzinfo=UTC), TODAY,
        timedelta(hours=1), summary, about, "http://testserver/",
    )  # fmt: skip
    (event,) = read(icalendar.calendar("名", [made]))

    def visible(text: str) -> str:
        kept = text.replace("\r\n", "\n")
        return "".join(c for c in kept if c == "\n" or (ord(c) > 31 and ord(c) != 127))

    assert (event["SUMMARY"], event["DESCRIPTION"]) == (visible(summary), visible(about))


# What would make us whole


def ahead(client: Client, **query: Any) -> dict[str, Any]:
    response = client.get("/activities/ahead/", query)
    assert response.status_code == 200
    return {f"{line.title} {line.period}": line for line in response.context["lines"]}


def test_a_plan_is_a_forecast_and_never_a_verdict(as_: SignIn, held: Cast) -> None:
    client, key = as_(held.secretary), "主题党日 2023年6月"
    before = ahead(client)[key]
    assert (before.verdict, before.enough, before.has) == ("due", False, "0 次")
    assert before.act.label == "记录主题党日"

    make_activity(held.branch, held_on=JUNE_20, planned=True)

    after = ahead(client)[key]
    assert (after.verdict, after.enough, after.has) == ("due", True, "0 次")
    assert (after.would_have, after.closing) == ("1 次", "")
    assert key in ahead(client, shown="enough")
    assert key not in ahead(client, shown="left")


def test_a_bound_from_above_is_not_shown_as_a_goal_that_is_passed(held: Cast) -> None:
    entry = Entry(required=0, actual=1, period_start=date(2023, 1, 1))
    assert views_ahead.required(entry, ledger.obligation("applicant-talk")) == "不超过 0 件"
    assert views_ahead.required(entry, ledger.obligation("theme-day")) == "0 次"


def test_what_would_still_be_missing_is_said(as_: SignIn, held: Cast) -> None:
    line = ahead(as_(held.secretary))["支部党员大会 2023年第二季度"]

    assert line.closing.startswith("2023年6月30日前还差 1 次")


def test_an_upper_organisation_looks_below_and_no_further(as_: SignIn, held: Cast) -> None:
    client = as_(held.officer)
    own, below = ahead(client), client.get("/activities/ahead/", {"level": "below"})

    assert "主题党日 2023年6月" not in own
    orgs = {line.entry.org for line in below.context["lines"]}
    assert {held.branch, held.sibling} <= orgs <= {held.college, held.branch, held.sibling}
    assert client.get("/activities/ahead/", {"org": held.other_branch.pk}).status_code == 404
    assert as_(held.member).get("/activities/ahead/").status_code == 404
    export = client.get("/activities/ahead/", {"level": "below", "export": "xlsx"})
    assert export["Content-Type"].endswith("sheet")
