"""Making members: thousands at once, each with the identifier by which they are met."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import Keyring
from ringmain.member.errors import MemberUnknown
from ringmain.member.identify import Known, identify_all, identify_hashed
from ringmain.member.keys import hashes, seal_identifier
from ringmain.member.model import Identifier
from ringmain.member.store import people


class Enrolment(Struct, frozen=True):
    """A person to be known by an identifier (in its normal form); what is left out is made or stays unknown.

    `verified` says that the person proved the identifier to be theirs (a code, a payment), not merely told it. Replays
    give `member_id`, `subject_id` and `joined_at` themselves, so that running twice gives the same.
    """

    identifier: Identifier
    verified: bool = False
    name: str | None = None
    language: str | None = None
    member_id: UUID | None = None
    subject_id: UUID | None = None
    joined_at: datetime | None = None


class Enrolled(Struct, frozen=True):
    """Who the person is, and whether they are a member since now."""

    known: Known
    new: bool


async def enrol(uow: UnitOfWork, keyring: Keyring, items: Sequence[Enrolment]) -> list[Enrolled]:
    """Make a member of each person whose identifier nobody has; the others are the members they already are.

    One answer per item, in order; the same identifier twice is one person. Announces `member_joined`.
    Raises `MemberUnknown` where somebody was erased while we met them: the same call then makes them new.
    """
    identifiers = [item.identifier for item in items]
    hashed = [hashes(keyring, uow.network_id, one) for one in identifiers]
    asked = [(one.kind, own) for one, own in zip(identifiers, hashed, strict=True)]
    known = dict(zip(identifiers, await identify_hashed(uow, asked), strict=True))
    fresh: dict[Identifier, _Draft] = {}
    now = await uow.now()
    for item, own in zip(items, hashed, strict=True):
        if known[item.identifier] is None and item.identifier not in fresh:
            fresh[item.identifier] = _draft(keyring, uow.network_id, item, own[0], now)
    free = await people.claim_identifiers(uow, [draft.identifier for draft in fresh.values()])
    made = {key: draft.member for key, draft in fresh.items() if draft.identifier.id in free}
    await people.add_members(uow, list(made.values()))
    uow.record("member_joined", [member.subject_id for member in made.values()])
    # What was not free any more was claimed by another transaction, which has committed since: it is found now.
    lost = [identifier for identifier in fresh if identifier not in made]
    if lost:
        known.update(zip(lost, await identify_all(uow, keyring, lost), strict=True))
    known.update({key: Known(member.id, member.subject_id) for key, member in made.items()})
    return _answers(items, known, set(made))


class _Draft(Struct, frozen=True):
    member: people.NewMember
    identifier: people.IdentifierRow


def _draft(keyring: Keyring, network_id: UUID, item: Enrolment, hash_: bytes, now: datetime) -> _Draft:
    joined_at = item.joined_at or now
    member_id = item.member_id or ids.uuid7(joined_at)
    identifier_id = ids.uuid7(joined_at)
    key = keyring.new_data_key(network_id, member_id)
    wrapped = keyring.wrap(key, network_id, member_id)
    # Subject and code id are wholly random: they carry no time by which somebody who left could be guessed.
    member = people.NewMember(
        id=member_id,
        joined_at=joined_at,
        subject_id=item.subject_id or uuid.uuid4(),
        master_version=wrapped.version,
        wrapped=wrapped.data,
        name=None if item.name is None else key.seal("name", item.name),
        language=item.language,
        code_id=uuid.uuid4(),
    )
    identifier = people.IdentifierRow(
        id=identifier_id,
        member_id=member_id,
        kind=item.identifier.kind,
        hash_version=keyring.newest,
        hash=hash_,
        sealed=seal_identifier(key, identifier_id, item.identifier.value),
        attached_at=joined_at,
        verified_at=joined_at if item.verified else None,
    )
    return _Draft(member, identifier)


def _answers(
    items: Sequence[Enrolment], known: dict[Identifier, Known | None], made: set[Identifier]
) -> list[Enrolled]:
    answers: list[Enrolled] = []
    for item in items:
        person = known[item.identifier]
        if person is None:
            # Somebody claimed the identifier before us and was erased at this very moment.
            raise MemberUnknown
        answers.append(Enrolled(person, item.identifier in made))
    return answers
