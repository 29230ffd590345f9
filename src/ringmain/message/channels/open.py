"""Which channels this installation has, by its settings."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.kit.webhooks import Guard
from ringmain.message.channels.development import DevelopmentSink
from ringmain.message.channels.mail import MailServer, SmtpMail
from ringmain.message.channels.port import Port
from ringmain.message.channels.push import WebPush
from ringmain.message.channels.sms import SmsAccount, TwilioSms
from ringmain.message.channels.tokens import AccessTokens
from ringmain.message.channels.wechat import WechatAccount, WechatTemplates
from ringmain.message.model import Channel
from ringmain.message.texts import Template

SINKS = frozenset({Channel.PUSH, Channel.WECHAT, Channel.SMS, Channel.EMAIL})


def configured(settings: Settings) -> frozenset[Channel]:
    """Return the channels by which messages can be sent; in development all lead into the sink.

    Browsers take messages of sites with https only.
    """
    if settings.development:
        return SINKS
    accounts = {
        Channel.SMS: sms_account(settings),
        Channel.EMAIL: mail_server(settings),
        Channel.PUSH: push_contact(settings),
        Channel.WECHAT: wechat_account(settings),
    }
    return frozenset(channel for channel, account in accounts.items() if account is not None)


def push_contact(settings: Settings) -> str | None:
    """Return whom push services can turn to about our messages; None where browsers would not take them."""
    if not settings.public_base.startswith("https://"):
        return None
    return settings.public_base if settings.smtp_sender is None else f"mailto:{settings.smtp_sender}"


def sms_account(settings: Settings) -> SmsAccount | None:
    """Return the account at the provider of text messages, where all of it was given."""
    if settings.sms_account is None or settings.sms_secret is None or settings.sms_sender is None:
        return None
    return SmsAccount(
        url=settings.sms_url,
        account=settings.sms_account,
        key=settings.sms_key,
        secret=settings.sms_secret.get_secret_value(),
        sender=settings.sms_sender,
        timeout_seconds=settings.sms_timeout_seconds,
    )


def wechat_account(settings: Settings) -> WechatAccount | None:
    """Return the official account at WeChat, where all of it was given."""
    if settings.wechat_app_id is None or settings.wechat_secret is None:
        return None
    return WechatAccount(
        url=settings.wechat_url,
        app_id=settings.wechat_app_id,
        secret=settings.wechat_secret.get_secret_value(),
        templates={Template(name): one for name, one in settings.wechat_templates.items()},
        timeout_seconds=settings.wechat_timeout_seconds,
    )


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server, where it was given."""
    if settings.smtp_host is None or settings.smtp_sender is None:
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        sender=settings.smtp_sender,
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def sinks(database: Database) -> dict[Channel, Port]:
    """Return channels that keep everything instead of sending it."""
    return {channel: DevelopmentSink(database, channel) for channel in SINKS}


@asynccontextmanager
async def open_channels(
    settings: Settings, database: Database, keyring: Keyring
) -> AsyncIterator[Mapping[Channel, Port]]:
    """Open every channel that is configured, and close them at the end."""
    ports: dict[Channel, Port] = {}
    if settings.development:
        ports = sinks(database)
    else:
        account, server, contact = sms_account(settings), mail_server(settings), push_contact(settings)
        official = wechat_account(settings)
        if account is not None:
            ports[Channel.SMS] = TwilioSms(account)
        if server is not None:
            ports[Channel.EMAIL] = SmtpMail(server)
        if contact is not None:
            ports[Channel.PUSH] = WebPush(keyring, contact, Guard())
        if official is not None:
            ports[Channel.WECHAT] = WechatTemplates(official, AccessTokens(database, keyring))
    try:
        yield ports
    finally:
        for port in ports.values():
            await port.close()
