"""The edge of the outside world: an HTTP server that behaves like Twilio, and an SMTP server, both on this machine."""

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ringmain.message.channels.mail import MailServer
from ringmain.message.channels.sms import SmsAccount
from tests.message.listening import Listening, Received

ACCOUNT = "AC00000000000000000000000000000001"
SECRET = "the-token-of-the-account"
SENDER = "+15005550006"


class FakeTwilio(Listening):
    """Answers POST .../Messages.json as Twilio documents it; what is in `answers` comes first, once each."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Received] = []
        self.answers: list[tuple[int, bytes] | None] = []

    def account(self, **more: object) -> SmsAccount:
        """Return an account at this server."""
        known = {"url": self.url, "account": ACCOUNT, "key": None, "secret": SECRET, "sender": SENDER}
        return SmsAccount(**(known | more))  # type: ignore[arg-type]  # a test changes what it wants

    async def serve(self, received: AsyncIterator[Received], writer: asyncio.StreamWriter) -> None:
        """Answer as was asked for, else as Twilio would; None says nothing, until the caller gives up."""
        async for request in received:
            self.requests.append(request)
            answer = self.answers.pop(0) if self.answers else self._answer(request)
            if answer is not None:
                status, content = answer
                writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()

    def _answer(self, request: Received) -> tuple[int, bytes]:
        expected = base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return 401, problem(20003, "Authenticate")
        if request.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json" or request.method != "POST":
            return 404, problem(20404, "not found")
        if request.headers["content-type"] != "application/x-www-form-urlencoded" or not request.form.get("Body"):
            return 400, problem(21602, "Message body is required.")
        sid = f"SM{len(self.requests):032}"
        return 201, json.dumps({"sid": sid, "status": "queued", "error_code": None, "to": request.form["To"]}).encode()


def problem(code: int, message: str) -> bytes:
    """Return an error as Twilio writes it; the sentence quotes what it likes."""
    return json.dumps(
        {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": 400}
    ).encode()


@dataclass
class FakeMail:
    """Takes mail by SMTP with STARTTLS and AUTH PLAIN; `refuse` names a step and the answer it gets."""

    user: str = "ringmain"
    password: str = "mail-password"
    received: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    offers_encryption: bool = True

    async def __aenter__(self) -> Self:
        """Listen on a free port, with a certificate of our own."""
        self._folder = tempfile.TemporaryDirectory()
        self.certificate = _certificate(Path(self._folder.name))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.close()
        self._folder.cleanup()

    def server(self, **more: object) -> MailServer:
        """Return how to reach this server, believing its certificate."""
        known = {
            "host": "localhost",
            "port": self._server.sockets[0].getsockname()[1],
            "security": "starttls",
            "user": self.user,
            "password": self.password,
            "sender": "ring@example.org",
            "timeout_seconds": 5.0,
            "context": ssl.create_default_context(cafile=str(self.certificate)),
        }
        return MailServer(**(known | more))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        encrypted = False
        try:
            await say("220 localhost")
            while line := (await reader.readline()).decode().strip():
                word = line.split(":")[0].split()[0].upper()
                self.said.append(("tls " if encrypted else "plain ") + word)
                if word in self.refuse:
                    await say(self.refuse[word])
                elif word == "EHLO":
                    more = "STARTTLS" if self.offers_encryption and not encrypted else "AUTH PLAIN"
                    await say(f"250-localhost\r\n250-{more}\r\n250 8BITMIME")
                elif word == "STARTTLS":
                    await say("220 go ahead")
                    await writer.start_tls(self._context)
                    encrypted = True
                elif word == "AUTH":
                    given = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
                    await say("235 ok" if given == [self.user, self.password] else "535 5.7.8 wrong")
                elif word == "DATA":
                    await say("354 go on")
                    content = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                    self.received.append(message_from_bytes(content, policy=policy.default))
                    await say("250 ok")
                elif word == "QUIT":
                    await say("221 bye")
                    return
                else:
                    await say("250 ok")
        except ConnectionError:
            return
        finally:
            writer.close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path
