"""Sends a text by the school's own mail server. No pixel, no link that tells who opened it."""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from guantong.messages.outcome import SECONDS, SENT, Outcome
from guantong.messages.settings import Mail

AGAIN: Final = range(400, 500)  # greylisting, mailbox busy


def send(
    mail: Mail, *, to: str, subject: str, text: str, key: str, seconds: float = SECONDS
) -> Outcome:
    """Hand a message over. `key` names it: a server that gets it twice can tell."""
    try:
        message = _message(mail, to, subject, text, key)
    except ValueError:
        return Outcome("refused", "邮箱地址写得不对")
    handed_over = False
    try:
        with _connected(mail, seconds) as server:
            if mail.user:
                server.login(mail.user, mail.password)
            server.ehlo_or_helo_if_needed()
            handed_over = True
            server.send_message(message)
            handed_over = False  # accepted: what goes wrong in parting changes nothing
            return SENT
    except smtplib.SMTPAuthenticationError as error:
        return Outcome("refused", f"邮件服务器不认账号或口令（{error.smtp_code}）")
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        return _answered(code, "邮件服务器不收这个邮箱")
    except smtplib.SMTPServerDisconnected:
        return _broken(handed_over)
    except smtplib.SMTPResponseException as error:
        return _answered(error.smtp_code, "邮件服务器没有收")
    except (OSError, smtplib.SMTPException):
        return _broken(handed_over)


def _connected(mail: Mail, seconds: float) -> smtplib.SMTP:
    secure = ssl.create_default_context()
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=seconds, context=secure)
    server = smtplib.SMTP(mail.host, mail.port, timeout=seconds)
    if mail.security == "starttls":
        server.starttls(context=secure)
    return server


def _message(mail: Mail, to: str, subject: str, text: str, key: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address(display_name="贯通", addr_spec=mail.sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Message-ID"] = f"<{key}@{mail.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers
    message.set_content(text)
    return message


def _answered(code: int, words: str) -> Outcome:
    return Outcome("later" if code in AGAIN else "refused", f"{words}（{code}）")


def _broken(handed_over: bool) -> Outcome:
    if handed_over:
        return Outcome("unsure", "邮件交出去时连接断了")
    return Outcome("later", "连不上邮件服务器")
