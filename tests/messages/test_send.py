"""What the services answer is understood; nothing but the school's own settings is reached."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_string
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from guantong.conditions.parse import CatalogueError
from guantong.messages import bots, mail
from guantong.messages.settings import Bot, Mail, Settings, load_settings
from tests.services import MailServer, Service, bot_service, mail_service

AT = datetime(2023, 6, 12, 0, 0, 1, 500_000, tzinfo=UTC)


@pytest.fixture
def service() -> Iterator[Service]:
    with bot_service() as one:
        yield one


@pytest.fixture
def post() -> Iterator[MailServer]:
    with mail_service() as one:
        yield one


def bot(service: Service, kind: str, secret: str = "") -> Bot:
    return Bot("群", kind, "党委", f"{service.url}/send?key=token", secret)


def sent(service: Service, kind: str, answer: tuple[int, Any] | None, seconds: float = 5) -> Any:
    service.answers = lambda _: answer
    return bots.send(bot(service, kind), "一周事项", at=AT, seconds=seconds)


@pytest.mark.parametrize(
    ("kind", "answer", "fate", "says"),
    [
        ("wecom", {"errcode": 0, "errmsg": "ok"}, "sent", ""),
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, "refused", "Webhook"),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, "later", "频率"),
        ("dingtalk", {"errcode": 0, "errmsg": "ok"}, "sent", ""),
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, "refused", "密钥"),
        ("dingtalk", {"status": 1111, "wait": 5, "errcode": 130101}, "later", "频率"),
        ("feishu", {"StatusCode": 0, "code": 0, "msg": "success"}, "sent", ""),
        ("feishu", {"code": 19021, "msg": "sign match fail"}, "refused", "签名"),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, "later", "频率"),
        ("feishu", {"code": 31337, "msg": "no idea"}, "refused", "no idea"),
        ("wecom", {"welcome": "a portal page"}, "unsure", "看不懂"),
        ("wecom", "<html>", "unsure", "看不懂"),
    ],
)
def test_the_code_in_the_answer_counts_not_http_200(
    service: Service, kind: str, answer: Any, fate: str, says: str
) -> None:
    outcome = sent(service, kind, (200, answer))

    assert outcome.fate == fate
    assert says in outcome.says
    assert "token" not in outcome.says


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ((429, {"code": 99991400}), "later"),
        ((400, {"code": 19021}), "refused"),
        ((404, "nothing here"), "refused"),
        ((502, "bad gateway"), "unsure"),
        ((302, "elsewhere"), "refused"),
        (None, "unsure"),
    ],
)
def test_other_answers_and_none(
    service: Service, answer: tuple[int, Any] | None, fate: str
) -> None:
    assert sent(service, "feishu", answer, seconds=0.3).fate == fate
    assert len(service.got) == 1  # no second address is reached


def test_a_host_that_is_not_there_was_surely_not_told() -> None:
    with bot_service() as gone:
        address = bot(gone, "wecom")
    assert bots.send(address, "x", at=AT).fate == "later"


def test_proxies_of_the_environment_are_not_used(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert sent(service, "wecom", (200, {"errcode": 0})).fate == "sent"


def test_dingtalk_and_feishu_are_signed_each_in_its_way(service: Service) -> None:
    bots.send(bot(service, "dingtalk", "SECx"), "一", at=AT)
    bots.send(bot(service, "feishu", "SECx"), "二", at=AT)
    ding, feishu = service.got

    stamp = "1686528001500"
    # As openssl makes it of the same; its plus signs arrive only if they are quoted.
    # printf "1686528001500\nSECx" | openssl dgst -sha256 -hmac SECx -binary | base64
    sign = "+SGXqqazYgY+wLe7fCcDc+btFRW4XQcGlSW19VBPV2Q="
    assert ding.query == {"key": "token", "timestamp": stamp, "sign": sign}
    made = hmac.new(b"1686528001\nSECx", b"", hashlib.sha256).digest()
    assert feishu.body["sign"] == base64.b64encode(made).decode()
    assert feishu.body["timestamp"] == "1686528001"
    assert (ding.text, feishu.text) == ("一", "二")


# Mail


def by_mail(post: MailServer, to: str = "zhishu@example.edu.cn") -> Any:
    server = Mail("127.0.0.1", post.port, "none", "dangjian@example.edu.cn")
    return mail.send(server, to=to, subject="一周事项", text="· 主题党日\n", key="k1", seconds=3)


def test_a_mail_says_what_it_is_and_asks_nothing(post: MailServer) -> None:
    assert by_mail(post).fate == "sent"
    (letter,) = map(message_from_string, post.got)

    assert str(make_header(decode_header(letter["Subject"]))) == "一周事项"
    assert letter["Message-ID"] == "<k1@example.edu.cn>"
    assert letter.get_content_type() == "text/plain"
    assert not {"Disposition-Notification-To", "Return-Receipt-To"} & set(letter.keys())


@pytest.mark.parametrize(
    ("replies", "fate"),
    [
        ({"RCPT": "550 no such user"}, "refused"),
        ({"RCPT": "450 greylisted"}, "later"),
        ({"DATA": "451 busy"}, "later"),
        ({".": "554 spam"}, "refused"),
        ({".": ""}, "unsure"),
        ({"EHLO": "", "HELO": ""}, "later"),
        ({"QUIT": ""}, "sent"),
    ],
)
def test_what_a_mail_server_answers(post: MailServer, replies: dict[str, str], fate: str) -> None:
    post.replies = replies
    assert by_mail(post).fate == fate


def test_an_address_cannot_smuggle_a_header(post: MailServer) -> None:
    assert by_mail(post, to="a@b.cn\nBcc: c@d.cn").fate == "refused"
    assert post.got == []


# Settings


def test_without_the_file_nothing_is_sent(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "notify.yaml") == Settings()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{name: a, service: wecom, org: b, url: 'http://10.0.0.1/x'}", "不是 https 地址"),
        ("{name: a, service: wecom, org: b, url: 'file:///etc/passwd'}", "不是 https 地址"),
        ("{name: a, service: icq, org: b, url: 'https://x.cn'}", "不认识"),
        ("{name: a, service: wecom, org: b, url: 'https://x.cn', secret: s}", "不用签名"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "notify.yaml"
    path.write_text(f"site: https://a.cn\nbots:\n  - {line}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=says):
        load_settings(path)
