"""Local mail server: it speaks SMTP over TLS, from the start or after STARTTLS, and keeps what it is given."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

from tests.support.webhook_receiver import write_certificate

NAME = "localhost"


@dataclass
class Mailbox:
    """Mail server as a test sees it.

    Attributes:
        port: port on which it listens.
        trusted: TLS context that trusts its certificate.
        answers: to the command MAIL, one for each mail, the last one for all further mails.
        mails: accepted, in order.
        heard: every command, with T before those that came over TLS.
        arrived: set by the first accepted mail.
    """

    port: int
    trusted: ssl.SSLContext
    answers: list[str] = field(default_factory=lambda: ["250 ok"])
    mails: list[EmailMessage] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving_mail(folder: Path, starttls: bool = True, offers_tls: bool = True) -> Iterator[Mailbox]:
    """Listen for the duration of the block.

    Args:
        folder: for the certificate.
        starttls: TLS begins after the greeting; otherwise with the connection.
        offers_tls: False for a server that offers no STARTTLS.
    """
    certificate = write_certificate(folder, NAME)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.line, self.secure = self.request, False
            if not starttls:
                self.begin_tls()
            self.reader = self.line.makefile("rb")
            self.say("220 ready")
            while command := self.reader.readline().decode().strip():
                box.heard.append(("T " if self.secure else "") + command)
                verb = command.split()[0].upper()
                self.say(self.answer(verb, command))
                if verb == "STARTTLS":
                    self.reader.close()
                    self.begin_tls()
                    self.reader = self.line.makefile("rb")
                if verb == "QUIT":
                    return

        def finish(self) -> None:
            for each in (getattr(self, "reader", None), self.line):
                if each is not None:
                    each.close()

        def begin_tls(self) -> None:
            self.line, self.secure = serving.wrap_socket(self.line, server_side=True), True

        def say(self, text: str) -> None:
            self.line.sendall(f"{text}\r\n".encode())

        def answer(self, verb: str, command: str) -> str:
            if verb == "EHLO":
                offered = ["250-STARTTLS"] if offers_tls and not self.secure else []
                return "\r\n".join(["250-here", *offered, "250 AUTH PLAIN"])
            if verb == "AUTH":
                box.heard.append(base64.b64decode(command.rpartition(" ")[2]).decode())
                return "235 ok"
            if verb == "MAIL":
                return box.answers.pop(0) if len(box.answers) > 1 else box.answers[0]
            if verb == "DATA":
                self.say("354 go on")
                lines = []
                while (part := self.reader.readline()) != b".\r\n":
                    lines.append(part.removeprefix(b"."))
                box.mails.append(cast("EmailMessage", message_from_bytes(b"".join(lines), policy=default)))
                box.arrived.set()
            return {"STARTTLS": "220 go", "QUIT": "221 bye"}.get(verb, "250 ok")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Keep what callers break off out of the test's output."""

    server = Server(("127.0.0.1", 0), Handler)
    box = Mailbox(server.server_address[1], ssl.create_default_context(cafile=certificate))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
