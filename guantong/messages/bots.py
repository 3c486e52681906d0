"""Sends a text to a group through its bot: WeCom, DingTalk, Feishu.

All three answer HTTP 200 to what they refuse, too: what counts is the code in the answer. DingTalk
and Feishu sign with the bot's secret, each in its own way. Redirects are not followed, proxies of
the environment not used: only the address that the school wrote down is ever reached.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import digest
from http.client import HTTPException, HTTPResponse
from typing import Any, Final, override
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from guantong.messages.outcome import SECONDS, SENT, Outcome
from guantong.messages.settings import Bot

MOST: Final = 64 * 1024  # octets of an answer
TOO_FAST, UNAVAILABLE = 429, 500


@dataclass(frozen=True)
class Codes:
    """What a service's codes mean. Any other code is a refusal, told with the service's words."""

    key: str
    later: frozenset[int]  # busy, or too many messages in a minute
    known: Mapping[int, str]


SERVICES: Final[Mapping[str, Codes]] = {
    "wecom": Codes(
        key="errcode",
        later=frozenset({-1, 45009, 45033}),
        known={93000: "Webhook 地址无效，或机器人已从群里移除", 40008: "消息格式不被接受"},
    ),
    "dingtalk": Codes(
        key="errcode",
        later=frozenset({-1, 130101, 130102}),
        known={
            300001: "Webhook 地址无效",
            310000: "安全设置不符：核对加签密钥、自定义关键词或 IP 地址段",
            400013: "群已解散",
        },
    ),
    "feishu": Codes(
        key="code",
        later=frozenset({11232, 11233, 99991400}),
        known={
            19001: "Webhook 地址无效",
            19021: "签名不符，或服务器时间相差一小时以上",
            19022: "本机的 IP 地址不在机器人的白名单里",
            19024: "缺少机器人要求的关键词",
            9499: "消息格式不被接受",
        },
    ),
}


class _NoRedirect(HTTPRedirectHandler):
    @override
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = build_opener(ProxyHandler({}), _NoRedirect())


def send(bot: Bot, text: str, *, at: datetime, seconds: float = SECONDS) -> Outcome:
    """Hand the text over; whatever happens is an outcome, never an exception."""
    request = signed(bot, text, at)
    try:
        with _opener.open(request, timeout=seconds) as response:
            return _judged(bot, _body(response))
    except HTTPError as error:
        with error:
            return _not_200(bot, error)
    except URLError as error:  # before anything was handed over, or while it was
        if isinstance(error.reason, TimeoutError):
            return Outcome("unsure", "对方没有及时答复")
        return Outcome("later", "连不上对方的服务器")
    except (OSError, HTTPException):  # the request was out, the answer did not come
        return Outcome("unsure", "对方没有及时答复")


def signed(bot: Bot, text: str, at: datetime) -> Request:
    """The request, with the signature that the service asks for."""
    url, body = bot.url, _message(bot.service, text)
    if bot.secret and bot.service == "dingtalk":
        stamp = str(round(at.timestamp() * 1000))
        sign = _sign(key=bot.secret, text=f"{stamp}\n{bot.secret}")
        url += f"&timestamp={stamp}&sign={quote(sign, safe='')}"
    if bot.secret and bot.service == "feishu":
        stamp = str(int(at.timestamp()))
        sign = _sign(key=f"{stamp}\n{bot.secret}", text="")
        body |= {"timestamp": stamp, "sign": sign}
    content = json.dumps(body, ensure_ascii=False).encode()
    return Request(url, content, {"Content-Type": "application/json; charset=utf-8"})


def _message(service: str, text: str) -> dict[str, Any]:
    if service == "feishu":
        return {"msg_type": "text", "content": {"text": text}}
    return {"msgtype": "text", "text": {"content": text}}


def _sign(*, key: str, text: str) -> str:
    return b64encode(digest(key.encode(), text.encode(), "sha256")).decode()


def _body(response: HTTPResponse | HTTPError) -> dict[str, Any]:
    try:
        answer = json.loads(response.read(MOST))
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _judged(bot: Bot, answer: Mapping[str, Any]) -> Outcome:
    codes = SERVICES[bot.service]
    code = answer.get(codes.key)
    if not isinstance(code, int) or isinstance(code, bool):
        return Outcome("unsure", "对方的答复看不懂，地址可能不是群机器人的")
    if code == 0:
        return SENT
    if code in codes.later:
        return Outcome("later", f"对方繁忙或限制了频率（{code}）")
    words = codes.known.get(code) or str(answer.get("errmsg") or answer.get("msg") or "")[:80]
    return Outcome("refused", f"{words}（{code}）")


def _not_200(bot: Bot, error: HTTPError) -> Outcome:
    if error.code == TOO_FAST:
        return Outcome("later", "对方限制了频率（HTTP 429）")
    if error.code >= UNAVAILABLE:
        return Outcome("unsure", f"对方的服务器出错（HTTP {error.code}）")
    answer = _body(error)
    if SERVICES[bot.service].key in answer:
        return _judged(bot, answer)
    return Outcome("refused", f"对方没有收（HTTP {error.code}），核对 Webhook 地址")
