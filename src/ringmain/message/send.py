"""Sending to people the network knows: each message is decided by their rules, and waits where it may go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.pure.money import Money
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member import api as member
from ringmain.message.model import (
    DEFAULT_ORDER,
    Address,
    Channel,
    Decision,
    Kind,
    Moment,
    Preferences,
    Purpose,
    Recipient,
    Refusal,
    Rules,
    decide,
    language_of_phone,
    out_of_reach,
)
from ringmain.message.model.steps import State
from ringmain.message.preferences import own_zone, preferences_of
from ringmain.message.store import addresses, stops, waiting, wishes
from ringmain.message.store import messages as store
from ringmain.message.store import paper as paper_store
from ringmain.message.texts import Template, Value, check_parameters
from ringmain.network import api as network

SEALED_FOR = "messages"
_USEFUL = timedelta(days=1)
# More than a week of local days, whatever the zone.
_LOOK_BACK = timedelta(days=8)
_ON_PAPER = timedelta(days=30)
# Who was printed no receipt for so long is not waited for at the till.
_READS_PAPER = timedelta(days=90)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What to tell whom, and because of what; `reference_id` names it (a voucher, a sale).

    Parameters that are `Money` or a `datetime` are written in the language of whoever reads them.

    The same person is told about the same reference for the same reason once. `reason` is a word (a-z and _), by
    default the template's name. After `useful_for`, and from `ends_at` on (the end of the voucher that it tells of),
    nobody wants the message any more.
    """

    subject_id: UUID
    template: Template
    parameters: Mapping[str, Value] = field(repr=False)
    reference_id: UUID
    reason: str = ""
    merchant_id: UUID | None = None
    useful_for: timedelta = _USEFUL
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What was decided: queued until `due_at`, or refused by a rule; `repeated`: it had been decided before."""

    message_id: UUID
    state: State
    refusal: Refusal | None
    due_at: datetime
    repeated: bool = False


async def send(uow: UnitOfWork, keyring: Keyring, items: Sequence[NewMessage]) -> list[Made]:
    """Queue messages to people, each if consent, pause, caps and channel of its person allow it; one answer per item.

    A refusal is an answer, and recorded like a message. Raises `MessageParameters`; then none is recorded. Announces
    `message` and `message_delivery`.
    """
    if not items:
        return []
    for item in items:
        check_parameters(item.template, item.parameters)
    contacts = await member.contacts(uow, keyring, [item.subject_id for item in items])
    everybody = {id_ for one in contacts.values() for id_ in one.known.subject_ids} | {one.subject_id for one in items}
    await store.lock_people(uow, {_root(contacts, item.subject_id) for item in items})
    known = await _look_back(uow, contacts, everybody, items)
    home = await network.network_of(uow)
    rules = await wishes.rules(uow)
    moment = Moment(await uow.now(), ZoneInfo(home.time_zone), simulated=home.simulated)
    keys = await member.sealing_keys(uow, keyring, {one.known.subject_id for one in contacts.values()}, SEALED_FOR)
    book = _Book(uow.network_id, contacts, keys, known, rules, moment)
    answers = [book.decide(item) for item in items]
    if book.rows:
        await store.add(uow, book.rows)
        await store.add_deliveries(uow, book.deliveries)
        await waiting.add(uow, book.waiting)
    return answers


class _Amount(msgspec.Struct, frozen=True, tag="money"):
    amount_minor: int
    currency: str


class _Moment(msgspec.Struct, frozen=True, tag="time"):
    at: datetime


def seal_parameters(key: DataKey, message_id: UUID, parameters: Mapping[str, Value]) -> bytes:
    """Encrypt what a message says, bound to its row."""
    stored: dict[str, str | _Amount | _Moment] = {}
    for name, value in parameters.items():
        if isinstance(value, Money):
            stored[name] = _Amount(value.amount_minor, value.currency)
        else:
            stored[name] = _Moment(value) if isinstance(value, datetime) else value
    return key.seal(f"message/{message_id}", msgspec.json.encode(stored).decode())


def open_parameters(key: DataKey, message_id: UUID, sealed: bytes) -> dict[str, Value]:
    """Return what a message says."""
    stored = msgspec.json.decode(key.open(f"message/{message_id}", sealed), type=dict[str, str | _Amount | _Moment])
    parameters: dict[str, Value] = {}
    for name, value in stored.items():
        if isinstance(value, _Amount):
            parameters[name] = Money(value.amount_minor, value.currency)
        else:
            parameters[name] = value.at if isinstance(value, _Moment) else value
    return parameters


async def recipients(
    uow: UnitOfWork, contacts: Mapping[UUID, member.Contact], marketing: Mapping[UUID, Sequence[datetime]] | None = None
) -> dict[UUID, Recipient]:
    """Return what the rules ask of each person, by the subject asked for."""
    chosen = await preferences_of(uow, {asked: one.known.subject_ids for asked, one in contacts.items()})
    agreed = await member.consented(uow, list(contacts), member.Purpose.MARKETING)
    everybody = {id_ for one in contacts.values() for id_ in one.known.subject_ids}
    stopped: dict[tuple[UUID, str], datetime] = {}
    for stop in await stops.of_subjects(uow, everybody):
        stopped[stop.subject_id, stop.channel] = stop.stopped_at
    more: dict[UUID, list[addresses.AddressRow]] = {}
    for row in await addresses.of_subjects(uow, everybody):
        # Nothing is sent to an address that its owner has not confirmed.
        if row.proven_at is not None:
            more.setdefault(row.subject_id, []).append(row)
    readers = await paper_store.readers(uow, everybody, await uow.now() - _READS_PAPER)
    found = {}
    for asked, one in contacts.items():
        own = one.known.subject_ids
        reads_paper = not readers.isdisjoint(own)
        wishes_ = chosen.get(asked, Preferences())
        places = [(Channel.SMS, one.phone_proven, one.phone_since)] if one.phone_since is not None else []
        places += [
            (Channel(row.channel), True, row.proven_at) for id_ in own for row in more.get(id_, ()) if row.proven_at
        ]
        # What was confirmed after it was stopped is in use again.
        reached = [
            Address(channel, proven, stopped=any(stopped.get((id_, channel.value), _NEVER) >= since for id_ in own))
            for channel, proven, since in places
        ]
        asked_for = wishes_.order != DEFAULT_ORDER and Channel.PAPER in wishes_.order
        if asked_for or reads_paper or all(one.stopped for one in reached):
            reached.append(Address(Channel.PAPER))
        found[asked] = Recipient(
            addresses=tuple(reached),
            consented=asked in agreed,
            preferences=wishes_,
            marketing_at=tuple(at for id_ in own for at in (marketing or {}).get(id_, ())),
            own_zone=own_zone(wishes_),
            reads_paper=reads_paper,
        )
    return found


async def stopped_channels(uow: UnitOfWork, keyring: Keyring, subject_id: UUID) -> frozenset[Channel]:
    """Return the channels of a person at whose addresses messages do not arrive, until they are confirmed again."""
    known = await recipients(uow, await member.contacts(uow, keyring, [subject_id]))
    return frozenset(one.channel for person in known.values() for one in person.addresses if one.stopped)


async def refusals(
    uow: UnitOfWork,
    keyring: Keyring,
    subject_ids: Sequence[UUID],
    channels: Collection[Channel],
    kind: Kind = Kind.OFFERS,
    *,
    lock: bool = False,
) -> dict[UUID, Refusal | None]:
    """Say for each subject which rule would refuse it marketing now; None: it may be sent. Nothing is recorded.

    Who would hear nothing by any of `channels`, those that are set up here, is refused, too. With `lock`, `send` in the
    same transaction decides the same: nobody else sends to these people meanwhile.
    """
    contacts = await member.contacts(uow, keyring, subject_ids)
    if lock:
        await store.lock_people(uow, {_root(contacts, id_) for id_ in subject_ids})
    everybody = {id_ for one in contacts.values() for id_ in one.known.subject_ids}
    marketing = await _marketing(uow, everybody)
    known = await recipients(uow, contacts, marketing)
    home = await network.network_of(uow)
    moment = Moment(await uow.now(), ZoneInfo(home.time_zone), simulated=home.simulated)
    rules = await wishes.rules(uow)

    def refusal(recipient: Recipient | None) -> Refusal | None:
        found = decide(kind, recipient, rules, moment).refusal
        return found if found is not None or recipient is None else out_of_reach(kind, recipient, channels)

    return {id_: refusal(known.get(id_)) for id_ in subject_ids}


async def _marketing(uow: UnitOfWork, everybody: set[UUID]) -> dict[UUID, list[datetime]]:
    """Return when each subject got marketing of late, or will get it."""
    marketing: dict[UUID, list[datetime]] = {}
    for row in await store.marketing_since(uow, everybody, await uow.now() - _LOOK_BACK):
        marketing.setdefault(row.subject_id, []).append(row.due_at)
    return marketing


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of everybody at the time of the decision."""

    recipients: dict[UUID, Recipient]
    decided: dict[tuple[UUID, str, UUID], Made]


async def _look_back(
    uow: UnitOfWork, contacts: Mapping[UUID, member.Contact], everybody: set[UUID], items: Sequence[NewMessage]
) -> _Known:
    marketing: dict[UUID, list[datetime]] = {}
    if any(item.template.purpose is Purpose.MARKETING for item in items):
        marketing = await _marketing(uow, everybody)
    before = await store.decided(uow, everybody, {item.reference_id for item in items})
    roots = {id_: one.known.subject_id for one in contacts.values() for id_ in one.known.subject_ids}
    decided: dict[tuple[UUID, str, UUID], Made] = {}
    for old in before:
        assert old.subject_id is not None
        refusal = Refusal(old.why) if old.state == State.REFUSED and old.why is not None else None
        made = Made(old.id, State(old.state), refusal, old.due_at, repeated=True)
        decided[roots.get(old.subject_id, old.subject_id), old.reason, old.reference_id] = made
    return _Known(await recipients(uow, contacts, marketing), decided)


class _Book:
    """Decides messages in order, each in the light of those before it."""

    def __init__(
        self,
        network_id: UUID,
        contacts: Mapping[UUID, member.Contact],
        keys: Mapping[UUID, DataKey],
        known: _Known,
        rules: Rules,
        moment: Moment,
    ) -> None:
        self._network_id = network_id
        self._contacts = contacts
        self._keys = keys
        self._known = known
        self._rules = rules
        self._moment = moment
        self._added: dict[UUID, list[datetime]] = {}
        self.rows: list[store.Message] = []
        self.deliveries: list[store.Delivery] = []
        self.waiting: list[waiting.Waiting] = []

    def decide(self, item: NewMessage) -> Made:
        """Decide one message and note what is to be written."""
        contact = self._contacts.get(item.subject_id)
        root = item.subject_id if contact is None else contact.known.subject_id
        reason = item.reason or item.template.value
        scope = (root, reason, item.reference_id)
        if scope in self._known.decided:
            return self._known.decided[scope]
        decision = decide(item.template.kind, self._recipient(item, root), self._rules, self._moment)
        made = self._note(item, root, reason, decision)
        self._known.decided[scope] = Made(made.message_id, made.state, made.refusal, made.due_at, repeated=True)
        if made.refusal is None and item.template.purpose is Purpose.MARKETING:
            self._added.setdefault(root, []).append(made.due_at)
        return made

    def _recipient(self, item: NewMessage, root: UUID) -> Recipient | None:
        recipient = self._known.recipients.get(item.subject_id)
        added = self._added.get(root)
        if recipient is None or not added:
            return recipient
        return replace(recipient, marketing_at=(*recipient.marketing_at, *added))

    def _note(self, item: NewMessage, root: UUID, reason: str, decision: Decision) -> Made:
        now = self._moment.now
        id_ = ids.uuid7(now)
        useful_until = decision.due_at + item.useful_for
        if item.ends_at is not None:
            useful_until = min(useful_until, item.ends_at)
        key = self._keys.get(root)
        contact = self._contacts.get(item.subject_id)
        self.rows.append(
            store.Message(
                id=id_,
                subject_id=root,
                channel=decision.channel.value,
                purpose=item.template.purpose.value,
                template=item.template.value,
                language=_language(contact),
                reason=reason,
                reference_id=item.reference_id,
                merchant_id=item.merchant_id,
                parameters=None if key is None else seal_parameters(key, id_, item.parameters),
                made_at=now,
                due_at=decision.due_at,
                useful_until=useful_until,
                ends_at=item.ends_at,
            )
        )
        state = State.QUEUED if decision.refusal is None else State.REFUSED
        self.deliveries.append(store.Delivery(ids.uuid7(now), id_, state.value, decision.refusal, now))
        if decision.refusal is None:
            paper = decision.channel is Channel.PAPER
            due_at = decision.due_at
            if paper:
                due_at = useful_until = on_paper_until(useful_until, item.ends_at, now)
            self.waiting.append(waiting.Waiting(id_, due_at, useful_until, ends_at=item.ends_at, on_paper=paper))
        return Made(id_, state, decision.refusal, decision.due_at)


def on_paper_until(useful_until: datetime, ends_at: datetime | None, now: datetime) -> datetime:
    """Return how long a message waits for a receipt: people come back within weeks, not within hours."""
    return max(useful_until, min(now + _ON_PAPER, ends_at or now + _ON_PAPER))


def _root(contacts: Mapping[UUID, member.Contact], subject_id: UUID) -> UUID:
    contact = contacts.get(subject_id)
    return subject_id if contact is None else contact.known.subject_id


def _language(contact: member.Contact | None) -> str:
    if contact is None:
        return "en"
    return contact.language or ("en" if contact.phone is None else language_of_phone(contact.phone))
