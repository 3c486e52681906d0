"""`python -m bench.sign_in [--people 800] [--seconds 60]`: does a rush to sign in lose anybody?

The real server, each person with a session of his own: scan the code of the moment, press the
button; every fourth presses twice. Afterwards the database is asked: one entry a person, no more
and no less. On SQLite and on PostgreSQL.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

from dev import postgres
from guantong.trust import rotating

ROOT = Path(__file__).parent.parent
HANDS = 64  # people at once; more wait for their turn in the queue of the network
TOKEN = re.compile(rb'name="token" value="([^"]+)"')


def main(args: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.sign_in")
    parser.add_argument("--people", type=int, default=800)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--child", choices=["prepare", "count"], help=argparse.SUPPRESS)
    asked = parser.parse_args(args)
    if asked.child:
        print(json.dumps(_prepare(asked.people) if asked.child == "prepare" else _count()))
        return 0
    lost = _rush("SQLite", "", asked)
    with postgres.server() as url:
        lost += _rush("PostgreSQL", url, asked)
    return 1 if lost else 0


def _rush(engine: str, url: str, asked: argparse.Namespace) -> int:
    """Print one line of figures; return how many entries are missing or too many."""
    with tempfile.TemporaryDirectory(prefix="guantong-rush-") as place:
        env = {**os.environ, "DATABASE_URL": url, "GUANTONG_DATA": place}
        made = _child("prepare", env, "--people", str(asked.people))
        with _served(env) as port:
            start = time.monotonic()
            with ThreadPoolExecutor(HANDS) as hands:
                took = list(
                    hands.map(
                        lambda n: _sign(n, made, port, start + n * asked.seconds / asked.people),
                        range(asked.people),
                    )
                )
            whole = time.monotonic() - start
        counted = _child("count", env)
    answered = [seconds for seconds in took if seconds is not None]
    odd: int = abs(asked.people - counted["entries"]) + counted["entries"] - counted["persons"]
    p95 = quantiles(answered, n=20)[-1] if len(answered) > 1 else float("nan")
    print(
        f"{engine:11} {asked.people} people in {whole:.1f} s: {counted['entries']} entries of "
        f"{counted['persons']} persons, {counted['events']} events, "
        f"{asked.people - len(answered)} unanswered; scan and press "
        f"median {median(answered) * 1000:.0f} ms, 95 % {p95 * 1000:.0f} ms, "
        f"longest {max(answered) * 1000:.0f} ms",
        flush=True,
    )
    return odd


def _sign(number: int, made: dict[str, Any], port: int, due: float) -> float | None:
    """Come at one's moment, scan, press; return the seconds, None where it did not succeed."""
    time.sleep(max(0.0, due - time.monotonic()))
    begun = time.monotonic()
    code = rotating.code(
        bytes.fromhex(made["secret"]), f"sign-in:{made['activity']}", datetime.now(UTC)
    )
    address = f"/activities/{made['activity']}/sign-in/with/{code}/"
    cookie = f"sessionid={made['sessions'][number]}"
    status, headers, page = _ask(port, "GET", address, {"Cookie": cookie})
    token = TOKEN.search(page)
    csrf = re.search(r"csrftoken=([^;]+)", headers.get("Set-Cookie", ""))
    if status != 200 or token is None or csrf is None:
        return None
    body = urlencode({"csrfmiddlewaretoken": csrf[1], "token": token[1].decode()})
    more = {
        "Cookie": f"{cookie}; csrftoken={csrf[1]}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    for _ in range(2 if number % 4 == 0 else 1):
        status, _, page = _ask(port, "POST", address, more, body)
    return time.monotonic() - begun if status == 200 and "签到".encode() in page else None


def _ask(
    port: int, method: str, address: str, headers: dict[str, str], body: str = ""
) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    except OSError:
        return 0, {}, b""
    finally:
        connection.close()


@contextmanager
def _served(env: dict[str, str]) -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        for _ in range(240):
            if _ask(port, "GET", "/account/login/", {})[0] == 200:
                break
            time.sleep(0.25)
        for _ in range(40):  # every worker has read its rules
            _ask(port, "GET", "/account/login/", {})
        yield port
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _child(what: str, env: dict[str, str], *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.sign_in", "--child", what, *more]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


# In a process of its own, with the database of the run


def _django() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "guantong.config.settings"
    django.setup()


def _prepare(people: int) -> dict[str, Any]:
    """A branch of so many members, each signed in, and an event today whose list is open."""
    _django()
    from django.conf import settings
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from guantong.records.actions import activities, orgs, school, sign_ins, users
    from guantong.records.actions import people as roll
    from guantong.records.clock import today
    from guantong.records.drafts import Draft
    from guantong.records.models import Org

    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # nobody signs on
    call_command("migrate", verbosity=0)
    day = today()
    since = day.replace(month=1, day=1)
    school.set_up(name="签到试验", records_since=since, plan="jyu-2021-2023")
    top: Org | None = None
    for kind in ("school_committee", "college_committee", "branch"):
        top = orgs.found(by=None, name=kind, kind=kind, parent=top, valid_from=since,
                         **({"category": "student"} if kind == "branch" else {}))  # fmt: skip
    assert top is not None
    draft = Draft(kind="central_training", title="大会", held_on=day, hosts=(top,), planned=True)
    activity = activities.record(by=None, draft=draft)
    sheet = sign_ins.open_sheet(by=None, activity=activity)
    sessions = []
    for number in range(people):
        person = roll.register(by=None, org=top, since=since, status="full", name=f"党员{number}",
                               number=f"N{number}")  # fmt: skip
        user = users.open_account(by=None, username=f"u{number}", name=f"u{number}",
                                  password="-" * 12 + str(number), person=person)  # fmt: skip
        sessions.append(_session(SessionStore, user))
    return {"activity": activity.pk, "secret": sheet.secret, "sessions": sessions}


def _session(store: Any, user: Any) -> str:
    session = store()
    session.update(
        {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
            "_auth_user_hash": user.get_session_auth_hash(),
        }
    )
    session.create()
    return str(session.session_key)


def _count() -> dict[str, int]:
    _django()
    from guantong.records.models import Event, SignIn

    return {
        "entries": SignIn.objects.count(),
        "persons": SignIn.objects.values("person").distinct().count(),
        "events": Event.objects.filter(verb="sign_in.made").count(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
