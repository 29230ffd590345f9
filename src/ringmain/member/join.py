"""Joining: a person proves their phone, and is a member from then on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.member.attach import attach
from ringmain.member.enrol import Enrolled, Enrolment, enrol
from ringmain.member.errors import IdentifierTaken
from ringmain.member.identify import Known, identify_all
from ringmain.member.keys import data_key, key_row
from ringmain.member.model import Identifier, clean_name
from ringmain.member.one_time_codes import Met, meet
from ringmain.member.store import people


@dataclass(frozen=True, slots=True)
class Joining:
    """What a person tells when they join; name and language replace what was known only where they are given."""

    challenge_id: UUID
    code: str
    name: str | None = None
    language: str | None = None


async def join(uow: UnitOfWork, keyring: Keyring, joining: Joining) -> Enrolled | RuleBroken:
    """Make a member of whoever proves a phone, or return the member who has this phone already.

    What the person paid with, where the challenge began at a payment, is theirs from now on. Returns (and does not
    raise) `ChallengeUnknown` and `OneTimeCodeWrong`, so that the try is kept; raises `NameInvalid`.
    """
    name = None if joining.name is None else clean_name(joining.name)
    met = await meet(uow, keyring, joining.challenge_id, joining.code)
    if not isinstance(met, Met):
        return met
    enrolled = (await enrol(uow, keyring, [Enrolment(met.phone, verified=True)]))[0]
    await attach(uow, keyring, enrolled.known.member_id, [met.phone], verified=True)
    await bind(uow, keyring, enrolled.known, met.tokens)
    await _tell(uow, keyring, enrolled.known, name, joining.language)
    return enrolled


async def prove_phone(
    uow: UnitOfWork, keyring: Keyring, member_id: UUID, challenge_id: UUID, code: str
) -> Known | RuleBroken:
    """Attach a phone to a member by the code that was sent to it.

    Returns `ChallengeUnknown` and `OneTimeCodeWrong`; raises `MemberUnknown`, or `IdentifierTaken` where the phone is
    another member's (then both may be merged).
    """
    met = await meet(uow, keyring, challenge_id, code)
    if not isinstance(met, Met):
        return met
    return await attach(uow, keyring, member_id, [met.phone, *met.tokens], verified=True)


async def bind(uow: UnitOfWork, keyring: Keyring, known: Known, tokens: Sequence[Identifier]) -> None:
    """Let a person be known by those of the tokens that nobody has; one that is another member's stays theirs."""
    holders = await identify_all(uow, keyring, tokens)
    free = [token for token, holder in zip(tokens, holders, strict=True) if holder is None]
    # Where another till claims a token at this very moment, the person is a member all the same.
    with suppress(IdentifierTaken):
        await attach(uow, keyring, known.member_id, free, verified=True)


async def _tell(uow: UnitOfWork, keyring: Keyring, known: Known, name: str | None, language: str | None) -> None:
    if name is None and language is None:
        return
    row = await key_row(uow, known.member_id, keep=True)
    sealed = row.name if name is None else data_key(keyring, uow.network_id, row).seal("name", name)
    await people.set_profile(uow, known.member_id, sealed, language or row.language)
