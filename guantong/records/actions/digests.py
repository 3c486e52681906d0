"""Sending the digest of the week: to accounts that asked for it, to the bots of groups.

Each digest is a row that a worker takes before anything leaves, so that several workers never
send one twice. One that a killed worker had only taken is taken over; one that was already on its
way may have arrived, is marked as unsure and never sent again.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from guantong.messages import bots, mail
from guantong.messages.outcome import Outcome
from guantong.messages.settings import Settings
from guantong.records import clock, digests
from guantong.records.access import Forbidden, Refused
from guantong.records.actions import events, ledger, rows
from guantong.records.actions.jobs import DEAD_AFTER
from guantong.records.models import Assessment, Delivery, DigestSubscription, Org, User

TRIES: Final = 3
AGAIN_AFTER: Final = timedelta(minutes=20)  # DingTalk shuts a bot out for ten
UNKNOWN_FATE: Final = "发送途中程序中断，可能已经收到，不再重发"


@transaction.atomic
def subscribe(*, by: User, email: str) -> DigestSubscription:
    """Have the digest of the account's own organisations sent to an address, from next time on."""
    if not by.is_active:
        raise Forbidden("账号已停用。")
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(
            "邮箱地址写得不对。", {"email": "请写成 name@example.edu.cn 的样子。"}
        ) from None
    user = User.objects.select_for_update().get(pk=by.pk)
    rows.change(user, email=email)
    subscription, _ = DigestSubscription.objects.get_or_create(
        user=user, defaults={"since": clock.now()}
    )
    events.leave("digest.subscribed", user, by=by)
    return subscription


@transaction.atomic
def stop(*, by: User) -> None:
    gone, _ = DigestSubscription.objects.filter(user=by).delete()
    if gone:
        events.leave("digest.stopped", by, by=by)


def send_week(settings: Settings) -> Iterator[Delivery]:
    """Send what this week still owes; yields each row once its fate is known.

    Groups of an organisation that is not there are refused at the end, after all the others.
    """
    live, today = ledger.bring_up_to_date(wait=True), clock.today()
    week = today - timedelta(days=today.weekday())
    lost = _prepare(week, settings)
    yield from _take_over()
    for pk in _waiting(week):
        if _moved(pk, "waiting", "taken"):
            yield _delivered(Delivery.objects.get(pk=pk), live, settings)
    if lost:
        raise Refused(
            f"notify.yaml 里的党组织“{'”“'.join(lost)}”不存在，它的群没有发，请写全称或组织代码。"
        )


def _prepare(week: date, settings: Settings) -> list[str]:
    """Write down what is owed; returns which organisations of the settings are not there."""
    now, lost = timezone.now(), list[str]()
    wanted: list[Delivery] = [
        Delivery(week=week, channel=f"mail:{pk}", user_id=pk, due_at=now)
        for pk in DigestSubscription.objects.values_list("user", flat=True)
        if settings.mail
    ]
    for bot in settings.bots:
        if org := _org_of(bot.org):
            wanted += [Delivery(week=week, channel=f"bot:{bot.name}", org=org, due_at=now)]
        else:
            lost.append(bot.org)
    Delivery.objects.bulk_create(wanted, ignore_conflicts=True)
    return lost


def _org_of(named: str) -> Org | None:
    """The organisation that the settings name, by its name or its code."""
    there = Org.objects.on(clock.today())
    return (there.filter(name=named) | there.filter(external_code=named)).first()


def _take_over() -> Iterator[Delivery]:
    """What workers that died had in hand; yields what may have left, whose fate is now known."""
    dead = Delivery.objects.filter(seen_at__lt=timezone.now() - DEAD_AFTER)
    dead.filter(state="taken").update(state="waiting")
    for delivery in dead.filter(state="sending"):
        yield _end(delivery, "sending", "unsure", UNKNOWN_FATE)


def _waiting(week: date) -> list[int]:
    due = Delivery.objects.filter(week=week, state="waiting", due_at__lte=timezone.now())
    return list(due.order_by("pk").values_list("pk", flat=True))


def _moved(pk: int, was: str, state: str) -> bool:
    """Whether this worker, and no other, moved a digest on."""
    still = Delivery.objects.filter(pk=pk, state=was)
    return bool(still.update(state=state, seen_at=timezone.now()))


def _delivered(delivery: Delivery, live: Assessment, settings: Settings) -> Delivery:
    text = _text(delivery, live, settings)
    if not text:
        return _end(delivery, "taken", "quiet")
    if not _moved(delivery.pk, "taken", "sending"):
        delivery.refresh_from_db()  # another worker thought this one dead
        return delivery
    outcome = _sent(delivery, text, settings)
    if outcome.fate == "later" and delivery.tries + 1 < TRIES:
        return _end(delivery, "sending", "waiting", outcome.says)
    fate = "refused" if outcome.fate == "later" else outcome.fate
    return _end(delivery, "sending", fate, outcome.says)


def _text(delivery: Delivery, live: Assessment, settings: Settings) -> str:
    if delivery.user_id is not None:
        subscribed = User.objects.filter(
            pk=delivery.user_id, is_active=True, digest_subscription__isnull=False
        )
        user = subscribed.first()
        about = digests.about_user(user, live) if user else None
    else:
        assert delivery.org is not None
        about = digests.about_org(delivery.org, live)
    if about is None:
        return ""
    return digests.digest(
        about, today=live.on_day, grace_days=settings.grace_days, site=settings.site
    )


def _sent(delivery: Delivery, text: str, settings: Settings) -> Outcome:
    if delivery.user is not None:
        if settings.mail is None:
            return Outcome("later", "没有设置邮件服务器")
        key = f"digest-{delivery.week}-{delivery.pk}"
        subject = text.partition("\n")[0]
        text += f"不想再收：{settings.site}/calendar/\n"
        return mail.send(
            settings.mail, to=delivery.user.email, subject=subject, text=text, key=key
        )
    name = delivery.channel.removeprefix("bot:")
    bot = next((bot for bot in settings.bots if bot.name == name), None)
    if bot is None:
        return Outcome("refused", "设置里已没有这个机器人")
    return bots.send(bot, text, at=timezone.now())


@transaction.atomic
def _end(delivery: Delivery, was: str, state: str, says: str = "") -> Delivery:
    """Write down what became of it, unless another worker has meanwhile."""
    now = timezone.now()
    still = Delivery.objects.filter(pk=delivery.pk, state=was)
    mine = still.update(
        state=state, says=says, tries=delivery.tries + 1, seen_at=now, due_at=now + AGAIN_AFTER
    )
    delivery.refresh_from_db()
    if mine and state not in ("quiet", "waiting"):
        events.leave("digest.sent", delivery, by=None, org=delivery.org, fate=state, says=says)
    return delivery
