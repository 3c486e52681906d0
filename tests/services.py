"""A mail server and a group's bot that answer as the real ones do, on this machine; another
process at the same database."""

import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connection

ROOT = Path(__file__).parent.parent


@dataclass
class Got:
    """One request as it arrived."""

    path: str
    query: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return str((self.body.get("content") or self.body["text"]).get("text")
                   or self.body["text"]["content"])  # fmt: skip


@dataclass
class Service:
    """`answers`: called with each request; (status, body) or None for no answer at all."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: Callable[[Got], tuple[int, Any] | None] = lambda _: (200, {"errcode": 0, "code": 0})


@contextmanager
def bot_service() -> Iterator[Service]:
    service, over = Service(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got = Got(asked.path, query, body)
            service.got.append(got)
            answer = service.answers(got)
            if answer is None:
                over.wait(20)
                return
            status, content = answer
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{service.url}/elsewhere")
            self.end_headers()
            text = content if isinstance(content, str) else json.dumps(content)
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield service
    finally:
        over.set()
        server.shutdown()
        server.server_close()


@dataclass
class MailServer:
    """`replies`: another line than the usual one to a command (RCPT, DATA, "."); "" hangs up."""

    port: int = 0
    got: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)


@contextmanager
def mail_service() -> Iterator[MailServer]:
    service = MailServer()
    usual = {"EHLO": "250 ok", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on",
             ".": "250 queued", "QUIT": "221 bye", "RSET": "250 ok"}  # fmt: skip

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 test")
            while line := self.rfile.readline().decode().strip():
                command = line.split()[0].upper()
                if not self.say(service.replies.get(command, usual.get(command, "500 what?"))):
                    return
                if command == "DATA" and "DATA" not in service.replies:
                    letter = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        letter += part
                    service.got.append(letter.decode())
                    if not self.say(service.replies.get(".", usual["."])):
                        return

        def say(self, line: str) -> bool:
            if line:
                self.wfile.write(f"{line}\r\n".encode())
            return bool(line)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        service.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def start(code: str, tmp_path: Path) -> "subprocess.Popen[bytes]":
    """Another process on the same database."""
    settings = connection.settings_dict
    url = f"sqlite:///{settings['NAME']}"
    if connection.vendor == "postgresql":
        user, host = f"{settings['USER']}:{settings['PASSWORD']}", settings["HOST"]
        url = f"postgresql://{user}@{host}:{settings['PORT']}/{settings['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "GUANTONG_DATA": str(tmp_path),
             "DJANGO_SETTINGS_MODULE": "guantong.config.settings"},
    )  # fmt: skip
