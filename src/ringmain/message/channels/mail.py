"""E-mail by SMTP, through the standard library, in a thread of its own."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from ringmain.kit.pure.ids import time_of
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing

_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """How to reach the server, and as whom; `context` decides which certificates are believed."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    timeout_seconds: float = 10.0
    context: ssl.SSLContext | None = field(default=None, repr=False)


class SmtpMail:
    """Sends e-mail."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._context = server.context or ssl.create_default_context()

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand one message over. Raises `NotDelivered`: for 5xx for good, for 4xx and lost connections for now."""
        written = self.write(message)
        await asyncio.to_thread(self._send, written)
        return Delivered(written["Message-ID"])

    async def close(self) -> None:
        """Nothing stays open."""

    def write(self, message: Outgoing) -> EmailMessage:
        """Return the mail as it is sent; the same message has the same Message-ID on every try."""
        mail = EmailMessage()
        mail["Subject"] = message.title
        mail["From"] = self._server.sender
        mail["To"] = message.address
        mail["Date"] = format_datetime(time_of(message.message_id))
        mail["Message-ID"] = f"<{message.message_id}@{self._server.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.stop_link is not None:
            mail["List-Unsubscribe"] = f"<{message.stop_link}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(message.body + "\n")
        mail["Content-Language"] = {"zh": "zh-Hans"}.get(message.language, message.language)
        return mail

    def _send(self, mail: EmailMessage) -> None:
        server = self._server
        try:
            with self._connected() as session:
                if server.security == "starttls":
                    session.starttls(context=self._context)
                if server.user is not None and server.password is not None:
                    session.login(server.user, server.password)
                session.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            raise NotDelivered("address_refused", passing=code < _PERMANENT, provider_code=code) from None
        except smtplib.SMTPAuthenticationError as error:
            passing = error.smtp_code < _PERMANENT
            raise NotDelivered("credentials_refused", passing=passing, provider_code=error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise NotDelivered("encryption_not_offered", passing=False) from None
        except smtplib.SMTPResponseException as error:
            passing = error.smtp_code < _PERMANENT
            raise NotDelivered("provider_refused", passing=passing, provider_code=error.smtp_code) from None
        except ssl.SSLCertVerificationError:
            raise NotDelivered("certificate_not_believed", passing=False) from None
        except TimeoutError:
            raise NotDelivered("provider_timeout", passing=True) from None
        except (OSError, smtplib.SMTPException):
            raise NotDelivered("provider_unreachable", passing=True) from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=self._context)
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
