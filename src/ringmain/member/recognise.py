"""Membership inside the payment: what somebody pays with tells who they are; where nobody knows, the till asks once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member.enrol import Enrolment, enrol
from ringmain.member.errors import IdentifierInvalid
from ringmain.member.identify import Known, identify_all
from ringmain.member.join import bind
from ringmain.member.model import Identifier, IdentifierKind
from ringmain.member.one_time_codes import OneTimeCodes, ask_for_phone, asked_tokens, confirm_phone
from ringmain.member.store import challenges

Payment = tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class AskForPhone:
    """Nobody is known by this payment: the till asks for a phone, and answers under this challenge."""

    challenge_id: UUID
    expires_at: datetime


async def recognise(uow: UnitOfWork, keyring: Keyring, payments: Sequence[Payment]) -> list[Known | AskForPhone]:
    """Say of each payment (its tokens, in normal form) whose it is, or ask for the phone of whoever pays.

    Of several known tokens the first given decides. Tokens are not bound to each other: two people may share one bill.
    Raises `IdentifierInvalid` where a payment has no token, or something else than tokens.
    """
    for payment in payments:
        if not payment or any(token.kind in (IdentifierKind.PHONE, IdentifierKind.TAG) for token in payment):
            raise IdentifierInvalid(kind="payment")
    known = await identify_all(uow, keyring, [token for payment in payments for token in payment])
    answers: list[Known | AskForPhone] = []
    place = 0
    for payment in payments:
        own = known[place : place + len(payment)]
        place += len(payment)
        person = next((one for one in own if one is not None), None)
        if person is None:
            asked = await ask_for_phone(uow, keyring, payment)
            answers.append(AskForPhone(asked.challenge_id, asked.expires_at))
        else:
            answers.append(person)
    return answers


@dataclass(frozen=True, slots=True)
class PhoneGiven:
    """What the phone at a payment led to: a new member, or a code that its owner has to tell first."""

    known: Known | None
    expires_at: datetime | None


async def give_phone(
    uow: UnitOfWork, keyring: Keyring, sender: OneTimeCodes, challenge_id: UUID, phone: Identifier
) -> PhoneGiven:
    """Answer `AskForPhone`: from now on every shop of the network recognises the person by what they paid with.

    A phone that nobody has makes a member at once (unproven until its owner tells a code). A phone that a member has
    is sent a code first, told by `join` under the same challenge: else anybody could pay with a stranger's vouchers by
    telling the stranger's phone. Raises `ChallengeUnknown`, `TooManyCodes` or `OneTimeCodesNotConfigured`.
    """
    tokens = await asked_tokens(uow, keyring, challenge_id)
    enrolled = (await enrol(uow, keyring, [Enrolment(phone)]))[0]
    if not enrolled.new:
        sent = await confirm_phone(uow, keyring, sender, challenge_id, phone, tokens)
        return PhoneGiven(None, sent.expires_at)
    await bind(uow, keyring, enrolled.known, tokens)
    await challenges.close(uow, challenge_id)
    return PhoneGiven(enrolled.known, None)
