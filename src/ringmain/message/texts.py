"""What messages say, in every language; each template knows its purpose: nobody can call marketing a receipt."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision

from ringmain.kit.pure.money import Money
from ringmain.message.errors import MessageParameters
from ringmain.message.model import Kind, Purpose

# What a template is filled with: words as they are; an amount or a day is written in the reader's language.
Value = str | Money | datetime
_LONGEST_PARAMETER = 200
_WHOLE = "¤#,##0"
_LOCALES = {"en": "en", "zh": "zh_Hans"}


class Template(StrEnum):
    """The messages there are."""

    ONE_TIME_CODE = "one_time_code"
    RECEIPT = "receipt"
    VOUCHER_WON = "voucher_won"
    VOUCHER_ENDS = "voucher_ends"
    VOUCHER_GIVEN = "voucher_given"
    CONFIRM_ADDRESS = "confirm_address"
    STOPPED = "stopped"
    TEST = "test"

    @property
    def kind(self) -> Kind:
        """What the message is about, as people choose."""
        return _KINDS.get(self, Kind.SERVICE)

    @property
    def purpose(self) -> Purpose:
        """What the message is for."""
        return self.kind.purpose

    @property
    def parameters(self) -> frozenset[str]:
        """The names that must be given."""
        return _PARAMETERS[self]


@dataclass(frozen=True, slots=True)
class Text:
    """A message in words; the title is the subject of a mail, and nothing of a text message."""

    title: str
    body: str


# Template and language -> title and body. {network} is always there. Codes come first, so that phones offer to copy
# them; the last line of a code's message lets browsers fill it in for this site only.
_TEXTS: dict[tuple[Template, str], tuple[str, str]] = {
    (Template.ONE_TIME_CODE, "en"): (
        "Your code",
        "{code} is your {network} code. It is good for 5 minutes. Never tell it to anybody.",
    ),
    (Template.ONE_TIME_CODE, "zh"): ("您的验证码", "{code} 是您的{network}验证码，5分钟内有效。请勿告诉任何人。"),
    (Template.RECEIPT, "en"): ("Your receipt", "{network}: your receipt from {shop}, {amount}. {link}"),
    (Template.RECEIPT, "zh"): ("您的收据", "【{network}】您在{shop}的收据，{amount}。{link}"),
    (Template.VOUCHER_WON, "en"): (
        "A voucher for you",
        "{network}: a voucher for you: {value} at {shop}, good until {ends}. {link}",
    ),
    (Template.VOUCHER_WON, "zh"): (
        "您获得一张代金券",
        "【{network}】您获得{shop}的券：{value}，{ends}前有效。{link}",
    ),
    (Template.VOUCHER_ENDS, "en"): (
        "Your voucher ends soon",
        "{network}: your {value} off at {shop} ends on {ends}. {link}",
    ),
    (Template.VOUCHER_ENDS, "zh"): (
        "您的代金券即将到期",
        "【{network}】您在{shop}的{value}代金券将于{ends}到期。{link}",
    ),
    (Template.VOUCHER_GIVEN, "en"): (
        "A voucher for you",
        "{network}: {value} off at {shop}, yours until {ends}. {link}",
    ),
    (Template.VOUCHER_GIVEN, "zh"): (
        "送您一张代金券",
        "【{network}】送您{shop}的券：{value}，{ends}前有效。{link}",
    ),
    (Template.CONFIRM_ADDRESS, "en"): (
        "Is this your address?",
        "{network}: do you want messages at this address? Then open {link} Else do nothing, and none will come.",
    ),
    (Template.CONFIRM_ADDRESS, "zh"): (
        "这是您的邮箱吗？",
        "【{network}】您希望在此邮箱接收消息吗？如是，请打开此链接：{link} 如不是，请忽略，不会再有消息发来。",
    ),
    (Template.STOPPED, "en"): (
        "Stopped",
        "{network}: you get no more reminders and offers. You can switch them on again on your own page.",
    ),
    (Template.STOPPED, "zh"): ("已退订", "【{network}】您不会再收到提醒和优惠。可在您自己的页面重新开启。"),
    (Template.TEST, "en"): ("Test", "{network}: this is a test. Messages reach you."),
    (Template.TEST, "zh"): ("测试", "【{network}】这是一条测试消息。您可以收到消息。"),
}
_KINDS = {
    Template.RECEIPT: Kind.RECEIPTS,
    Template.VOUCHER_WON: Kind.WINNINGS,
    Template.VOUCHER_ENDS: Kind.REMINDERS,
    Template.VOUCHER_GIVEN: Kind.OFFERS,
}
_STOP = {"en": "Stop these messages: {link}", "zh": "退订：{link}"}


def _fields(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name) - {"network"}


_PARAMETERS = {template: _fields(_TEXTS[template, "en"][1]) for template in Template}


def check_parameters(template: Template, parameters: Mapping[str, Value]) -> None:
    """Raise `MessageParameters` where names are missing or unknown, or a value unreadable."""
    words = [value for value in parameters.values() if isinstance(value, str)]
    readable = all(0 < len(word) <= _LONGEST_PARAMETER and word.isprintable() for word in words)
    if parameters.keys() != template.parameters or not readable:
        raise MessageParameters(template=template.value, needed=sorted(template.parameters))


def render(
    template: Template,
    language: str,
    network: str,
    parameters: Mapping[str, Value],
    stop_link: str | None = None,
    zone: tzinfo = UTC,
) -> Text:
    """Return a message in words; with `stop_link` its last line says how to get no more. Days are those of `zone`."""
    title, body = _TEXTS[template, language]
    words = {name: in_words(value, language, zone) for name, value in parameters.items()}
    filled = body.format(network=network, **words)
    stop = "" if stop_link is None else "\n" + _STOP[language].format(link=stop_link)
    return Text(title, filled + stop)


def plain_amount(value: Money) -> str:
    """Return an amount as a sign and digits, without marks between thousands: `¥1200.50`."""
    amount = value.amount_minor / 10 ** get_currency_precision(value.currency)
    whole = amount.is_integer()
    return format_currency(
        amount,
        value.currency,
        _WHOLE if whole else None,
        _LOCALES["zh"],
        currency_digits=not whole,
        group_separator=False,
    )


def in_words(value: Value, language: str, zone: tzinfo) -> str:
    """Return a value as it is read in a language; days are those of `zone`."""
    locale = _LOCALES[language]
    if isinstance(value, Money):
        amount = value.amount_minor / 10 ** get_currency_precision(value.currency)
        # A whole amount is written without its decimals: each letter of a text message counts.
        if amount.is_integer():
            return format_currency(amount, value.currency, _WHOLE, locale, currency_digits=False)
        return format_currency(amount, value.currency, locale=locale)
    return format_date(value.astimezone(zone), "medium", locale=locale) if isinstance(value, datetime) else value
