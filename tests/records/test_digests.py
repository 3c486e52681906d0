"""The digest of the week: what it says to whom, and that it is sent once, whoever is killed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from django.utils import timezone

from guantong.messages.settings import Bot, Mail, Settings
from guantong.records import digests as texts
from guantong.records.access import Refused
from guantong.records.actions import cases, digests, jobs, ledger, posts
from guantong.records.meetings import Task
from guantong.records.models import Case, Delivery, Event, Job, School, User
from tests.factories import TODAY, Cast, make_activity, make_cast, make_person, owner
from tests.services import Service, bot_service, mail_service, start, until

SITE = "https://dangjian.example.edu.cn"


@pytest.fixture
def service() -> Iterator[Service]:
    with bot_service() as one:
        yield one


def group(service: Service, org: str, name: str = "群", kind: str = "wecom") -> Bot:
    return Bot(name, kind, org, f"{service.url}/{name}")


def of_user(user: User, *, grace: int = 14) -> str:
    about = texts.about_user(user, ledger.bring_up_to_date())
    return texts.digest(about, today=TODAY, grace_days=grace, site=SITE)


def sent(settings: Settings) -> dict[str, str]:
    return {one.channel: one.state for one in digests.send_week(settings)}


# What it says


def test_a_bearer_hears_of_its_own_in_kinds_days_and_numbers(cast: Cast) -> None:
    make_activity(cast.branch, title="与党员甲", held_on=date(2023, 6, 20), planned=True)
    left = (Task("与党员甲谈话", None, date(2023, 6, 9)), Task("备课", None, TODAY))
    make_activity(cast.branch, kind="branch_committee", hours=None, held_on=date(2023, 6, 1),
                  follow_ups=left)  # fmt: skip
    for name in ("申请甲", "申请乙"):
        applicant = make_person(name, cast.branch, status="applicant")
        case = cases.begin(
            by=None, process="recruitment", person=applicant, org=cast.branch, on=date(2023, 5, 1)
        )
        said = {"birth_date": date(2000, 1, 1)}
        entry = cases.Entry("apply", date(2023, 5, 1), said)
        cases.take_step(by=None, case=case, version=case.version, entry=entry)
    Case.objects.filter(pk=case.pk).update(due_step="approve")  # a step of those above
    text = of_user(cast.secretary)

    assert f"· 流程事项：1 件，见 {SITE}/#cases" in text.partition("两周内到期")[0]
    assert "主题党日（5月31日到期）" in text
    assert "支部党员大会（6月30日到期）" not in text.partition("两周内到期")[0]
    assert "6月20日 主题党日" in text
    assert text.count("会议定下的落实事项：1 项") == 2  # overdue; due soon
    assert cast.sibling.short_name not in text
    names = [owner(user).name for user in cast.everyone().values() if user.person]
    names += ["申请甲", "申请乙"]
    assert not [name for name in names if name in text]
    assert SITE in text


def test_those_above_hear_after_a_time_of_grace_and_then_a_number(cast: Cast) -> None:
    patient = of_user(cast.officer, grace=60)
    soon = of_user(cast.officer, grace=14)
    line = f"{cast.branch.short_name}："

    assert "主题党日" not in soon.partition("下级组织")[2]
    assert int(soon.partition(line)[2].split()[0]) > int(patient.partition(line)[2].split()[0])


def test_whoever_left_a_post_hears_nothing(cast: Cast) -> None:
    assert of_user(cast.secretary)
    posts.end(by=None, post=cast.secretary_post, on=TODAY)

    assert of_user(cast.secretary) == ""
    assert of_user(cast.stranger) == of_user(cast.inspector) == of_user(cast.member) == ""


# When it is sent


def test_nothing_leaves_without_settings_or_a_subscription(cast: Cast, service: Service) -> None:
    assert sent(Settings()) == {}
    with mail_service() as post:
        server = Mail("127.0.0.1", post.port, "none", "dangjian@example.edu.cn")
        assert sent(Settings(SITE, mail=server)) == {}
        digests.subscribe(by=cast.secretary, email="zhishu@example.edu.cn")
        digests.subscribe(by=cast.stranger, email="ren@example.edu.cn")
        settings = Settings(SITE, mail=server)
        channels = {f"mail:{cast.secretary.pk}": "sent", f"mail:{cast.stranger.pk}": "quiet"}
        assert sent(settings) == channels
        assert sent(settings) == {}  # once a week
        assert len(post.got) == 1
        digests.stop(by=cast.secretary)
        School.objects.update(today=TODAY + timedelta(days=7))
        assert sent(settings) == {f"mail:{cast.stranger.pk}": "quiet"}
        assert len(post.got) == 1


def test_a_group_that_is_busy_is_tried_again_and_one_that_refuses_is_not(
    cast: Cast, service: Service
) -> None:
    answers = {"/忙": 45009, "/拒": 93000}
    service.answers = lambda got: (200, {"errcode": answers[_path(got.path)]})
    both = tuple(group(service, cast.branch.name, name) for name in ("忙", "拒"))
    settings = Settings(SITE, bots=tuple(_quoted(bot) for bot in both))

    assert sent(settings) == {"bot:忙": "waiting", "bot:拒": "refused"}
    assert sent(settings) == {}  # not before twenty minutes have passed
    _later(minutes=21)
    answers["/忙"] = 0
    assert sent(settings) == {"bot:忙": "sent"}
    assert [e.detail["fate"] for e in Event.objects.filter(verb="digest.sent").order_by("id")] == [
        "refused", "sent",
    ]  # fmt: skip
    gone, last = (replace(_quoted(both[0]), name=name) for name in ("散", "后"))
    told = digests.send_week(Settings(SITE, bots=(replace(gone, org="没有的支部"), last)))
    assert next(told).channel == "bot:后"  # one that is gone does not silence the others
    with pytest.raises(Refused, match="没有的支部"):
        next(told)


def _quoted(bot: Bot) -> Bot:
    return replace(bot, url=quote(bot.url, safe=":/"))


def _path(path: str) -> str:
    return unquote(path)


def _later(*, minutes: int) -> None:
    by = timedelta(minutes=minutes)
    for row in Delivery.objects.all():
        seen = row.seen_at and row.seen_at - by
        Delivery.objects.filter(pk=row.pk).update(due_at=row.due_at - by, seen_at=seen)


# Workers that are killed


@pytest.mark.django_db(transaction=True)
def test_of_a_killed_worker_everything_is_taken_over_and_nothing_sent_twice(
    service: Service, tmp_path: Path
) -> None:
    cast = make_cast()
    ledger.rebuild()
    lines = "".join(
        f"  - {{name: g{n}, service: wecom, org: {cast.branch.name}, url: '{service.url}/g{n}'}}\n"
        for n in range(4)
    )
    notify = tmp_path / "notify.yaml"
    notify.write_text(f"site: {SITE}\nbots:\n{lines}", encoding="utf-8")
    service.answers = lambda got: None if got.path == "/g1" else (200, {"errcode": 0})
    worker = start(
        "from django.core.management import call_command; call_command('digest')", tmp_path
    )
    until(lambda: len(service.got) == 2)  # g0 is through, g1 arrived and waits for its answer
    worker.kill()
    worker.wait()

    bots = tuple(group(service, cast.branch.name, f"g{n}") for n in range(4))
    service.answers = lambda _: (200, {"errcode": 0})
    Delivery.objects.filter(channel="bot:g2").update(state="taken", seen_at=timezone.now())
    assert sent(Settings(SITE, bots=bots)) == {"bot:g3": "sent"}  # the rest may be in good hands
    _later(minutes=6)
    assert sent(Settings(SITE, bots=bots)) == {"bot:g1": "unsure", "bot:g2": "sent"}
    assert sorted(got.path for got in service.got) == ["/g0", "/g1", "/g2", "/g3"]
    assert dict(Delivery.objects.values_list("channel", "state")) == {
        "bot:g0": "sent", "bot:g1": "unsure", "bot:g2": "sent", "bot:g3": "sent",
    }  # fmt: skip


STEP = """
import time
from guantong.records.actions import jobs, school
from guantong.records.models import Event
from django.utils import timezone
def step(n):
    Event.objects.create(at=timezone.now(), verb=f"step.{n}", subject="x", detail={})
    if n == 1:
        print("half-way", flush=True)
        time.sleep(60)
done = set(Event.objects.filter(verb__startswith="step.").values_list("verb", flat=True))
jobs.carry_out("k", lambda: [lambda n=n: step(n) for n in range(3) if f"step.{n}" not in done])
"""


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_is_killed_is_taken_over_and_no_step_done_twice(tmp_path: Path) -> None:
    make_cast()
    worker = start(STEP, tmp_path)
    until(lambda: Job.objects.filter(done=1).exists())
    worker.kill()
    worker.wait()
    assert jobs.running("k")

    def step(n: int) -> None:
        Event.objects.create(at=timezone.now(), verb=f"step.{n}", subject="x", detail={})

    def left() -> list[str]:
        found = Event.objects.filter(verb__startswith="step.").values_list("verb", flat=True)
        return sorted(found)

    def rest() -> jobs.Steps:
        return [lambda n=n: step(n) for n in range(3) if f"step.{n}" not in left()]

    assert left() == ["step.0"]  # what was half-way is undone
    assert not jobs.carry_out("k", rest)  # it may still be alive
    Job.objects.update(seen_at=timezone.now() - 2 * jobs.DEAD_AFTER)
    assert jobs.carry_out("k", rest)
    assert left() == ["step.0", "step.1", "step.2"]


@pytest.mark.django_db
def test_a_worker_that_was_taken_for_dead_commits_nothing_more() -> None:
    make_cast()
    seen: list[str] = []

    def slow() -> None:
        seen.append("first")
        Job.objects.filter(kind="k").update(ended_at=timezone.now(), trouble="中断")

    assert not jobs.carry_out("k", lambda: [slow, lambda: seen.append("second")])
    assert seen == ["first"]
    assert Job.objects.get(kind="k").trouble == "中断"
