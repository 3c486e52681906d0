"""Reads notify.yaml: the school's own mail server and the bots of its groups.

Without the file nothing is sent, and no other host is ever reached. Secrets stand in the file
alone, never in a message or an event.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from guantong.conditions.yaml_file import Fields, read

SERVICES: Final = ("wecom", "dingtalk", "feishu")
SECURITY: Final = ("tls", "starttls", "none")
SIGNS: Final = frozenset({"dingtalk", "feishu"})
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
GRACE: Final = 14
EXAMPLE: Final = """\
site: https://dangjian.example.edu.cn
grace_days: 14
mail: {host: smtp.example.edu.cn, port: 465, security: tls, sender: dangjian@example.edu.cn}
bots:
  - {name: 甲学院工作群, service: dingtalk, org: 甲学院党委, url: 'https://…', secret: SEC…}
"""


@dataclass(frozen=True)
class Mail:
    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Bot:
    """`org`: the name or code of the organisation whose group it is. `secret` "": unsigned."""

    name: str
    service: str
    org: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Settings:
    """`grace_days`: how long what is overdue stays with its bearer before those above are told."""

    site: str = ""
    grace_days: int = GRACE
    mail: Mail | None = None
    bots: tuple[Bot, ...] = ()


def load_settings(path: Path) -> Settings:
    """What the file says; nothing at all where there is none. CatalogueError names the key."""
    if not path.exists():
        return Settings()
    f = read(path, path.name)
    settings = Settings(
        site=f.text("site").rstrip("/"),
        grace_days=f.take("grace_days", int, default=GRACE),
        mail=_mail(f.fields("mail")) if f.has("mail") else None,
        bots=tuple(_bot(one) for one in f.each("bots", [])),
    )
    f.done()
    if len({bot.name for bot in settings.bots}) < len(settings.bots):
        raise f.wrong("bots", "有两个机器人同名", "每个起一个不同的名称")
    return settings


def _mail(f: Fields) -> Mail:
    mail = Mail(
        host=f.text("host"),
        port=f.take("port", int),
        security=f.choice("security", SECURITY),
        sender=f.text("sender"),
        user=f.text("user", ""),
        password=f.text("password", ""),
    )
    f.done()
    if mail.security == "none" and mail.password and mail.host not in LOOPBACK:
        raise f.wrong("security", "口令会明文传出去", "改用 tls 或 starttls")
    return mail


def _bot(f: Fields) -> Bot:
    bot = Bot(
        name=f.text("name"),
        service=f.choice("service", SERVICES),
        org=f.text("org"),
        url=f.text("url"),
        secret=f.text("secret", ""),
    )
    f.done()
    address = urlsplit(bot.url)
    local = address.scheme == "http" and address.hostname in LOOPBACK
    if not (local or (address.scheme == "https" and address.hostname)):
        raise f.wrong("url", "不是 https 地址", "从群机器人的设置里整条复制 Webhook 地址")
    if bot.secret and bot.service not in SIGNS:
        raise f.wrong("secret", "企业微信机器人不用签名密钥", "删去这一项")
    return bot
