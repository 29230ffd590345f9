"""One-time codes as text messages; in development into the sink, at once and without a sender."""

from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.member import api as member
from ringmain.message.channels.open import configured
from ringmain.message.direct import Addressed, masked, record, send_to_addresses
from ringmain.message.model import Channel, language_of_phone
from ringmain.message.model.steps import State
from ringmain.message.store import sink
from ringmain.message.texts import Template, render
from ringmain.network import api as network


def code_sender(
    settings: Settings, keyring: Keyring, language: str | None = None, *, kept: bool = False
) -> member.OneTimeCodes:
    """Return the way in which this installation sends one-time codes; without `language` the phone's country decides.

    `kept`: in a network that is made up, where codes go into the sink as in development. Where no provider is
    configured the sender raises `OneTimeCodesNotConfigured` when it is asked to send.
    """
    if settings.development or kept:
        return SinkCodes(language)
    if Channel.SMS in configured(settings):
        return TextedCodes(keyring, language)
    return member.CodesNotConfigured()


class TextedCodes:
    """Queues codes as text messages; until it was sent a code is kept sealed, afterwards not at all."""

    def __init__(self, keyring: Keyring, language: str | None = None) -> None:
        self._keyring = keyring
        self._language = language

    async def send(self, uow: UnitOfWork, challenge_id: UUID, phone: str, code: str) -> None:
        """Queue a code."""
        await send_to_addresses(uow, self._keyring, [_message(self._language, challenge_id, phone, code)])


class SinkCodes:
    """Keeps codes in the sink of development, and where `development_code` reads them."""

    def __init__(self, language: str | None = None) -> None:
        self._language = language

    async def send(self, uow: UnitOfWork, challenge_id: UUID, phone: str, code: str) -> None:
        """Keep a code; of the phone only its end is kept."""
        await member.DevelopmentCodes().send(uow, challenge_id, phone, code)
        item = _message(self._language, challenge_id, phone, code)
        (row,) = await record(uow, [item], State.SENT)
        text = render(item.template, item.language, (await network.network_of(uow)).name, item.parameters)
        kept = sink.Kept(
            id=ids.uuid7(row.made_at),
            message_id=row.id,
            channel=row.channel,
            masked_address=masked(item.channel, phone),
            title=text.title,
            body=text.body,
            language=row.language,
            kept_at=row.made_at,
        )
        await sink.add(uow, kept)


def _message(language: str | None, challenge_id: UUID, phone: str, code: str) -> Addressed:
    return Addressed(
        channel=Channel.SMS,
        address=phone,
        template=Template.ONE_TIME_CODE,
        parameters={"code": code},
        language=language or language_of_phone(phone),
        reference_id=challenge_id,
        useful_for=member.CODE_LIFE,
    )
