"""Sending what is due: taken from the queue for a while, decided once more, handed to a channel, and noted."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member import api as member
from ringmain.message import addresses
from ringmain.message.channels.open import sinks
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing, Port
from ringmain.message.direct import open_sealed
from ringmain.message.model import Channel, Moment, Purpose, Recipient, Refusal, Rules, due, next_way, still_refused
from ringmain.message.model.steps import ADDRESS_FAULTS, State, Verdict, judge, wait_after
from ringmain.message.reports import report_link
from ringmain.message.send import SEALED_FOR, on_paper_until, open_parameters, recipients
from ringmain.message.store import addresses as address_store
from ringmain.message.store import messages as store
from ringmain.message.store import stops, waiting, wishes
from ringmain.message.texts import Template, Value, render
from ringmain.message.unsubscribe import stop_link
from ringmain.network import api as network

_MOST_AT_ONCE = 50
# Longer than any provider may take, times the messages that wait for one another.
_LEASE = timedelta(minutes=10)
_SIDE_BY_SIDE = 8
_TICK = timedelta(milliseconds=1)
_GONE = "subscription_gone"
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_log = structlog.get_logger(__name__)


class _Missing:
    """Stands where a channel was configured when the message was made, and is not now."""

    async def deliver(self, message: Outgoing) -> Delivered:
        """Raise `NotDelivered`: the operator may bring the settings back."""
        raise NotDelivered("channel_not_configured", passing=True)

    async def close(self) -> None:
        """Nothing is open."""


_MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class Doors:
    """What sending needs beside the database: the keys, the channels, and the address of our pages."""

    keyring: Keyring
    ports: Mapping[Channel, Port]
    public_base: str
    # Networks that are made up: whatever is configured, their messages are kept and never sent.
    kept_networks: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class _Step:
    """What becomes of one message now: a state with its reason, or another wait until `later`."""

    row: waiting.Claimed
    state: State
    reason: str | None = None
    later: datetime | None = None
    channel: Channel | None = None
    provider_reference: str | None = None
    provider_code: int | None = None
    counts: bool = True
    hard: bool | None = None
    # It failed by this channel and goes by the next one of its person.
    onward: bool = False
    # Browsers that want no more messages.
    gone: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """An address, with its id where it is one that can be forgotten."""

    address: str = field(repr=False)
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What sending needs to know of a network and its people."""

    name: str
    rules: Rules
    moment: Moment
    contacts: Mapping[UUID, member.Contact]
    recipients: Mapping[UUID, Recipient]
    keys: Mapping[UUID, DataKey]
    addresses: Mapping[UUID, Sequence[addresses.Known]]

    def way(self, row: waiting.Claimed, ports: Mapping[Channel, Port]) -> Channel:
        """Return the channel by which a message goes now: the first of its person's that this installation has."""
        # Where nothing is left it says so, instead of trying what has failed already.
        return self.onward(row, ports) or (Channel.NONE if row.tried else Channel(row.channel))

    def onward(self, row: waiting.Claimed, ports: Mapping[Channel, Port], *failed: Channel) -> Channel | None:
        """Return the next channel by which a message can go, after those by which it has failed."""
        recipient = None if row.subject_id is None else self.recipients.get(row.subject_id)
        if recipient is None:
            return None
        ways = recipient.ways(Template(row.template).kind)
        # Paper needs no provider.
        ways = tuple(channel for channel in ways if channel in ports or channel is Channel.PAPER)
        return next_way(ways, {*(Channel(one) for one in row.tried), *failed})

    def places(self, subject_id: UUID, channel: Channel) -> list[_Place]:
        """Return where a person is reached on a channel: at every browser, else at the address confirmed last."""
        phone = self.contacts[subject_id].phone
        if channel is Channel.SMS:
            return [] if phone is None else [_Place(phone)]
        mine = [one for one in self.addresses.get(subject_id, ()) if one.channel is channel and one.proven_at]
        return [_Place(one.text, one.id) for one in (mine if channel is Channel.PUSH else mine[-1:])]


async def keep_delivering(
    database: Database, doors: Doors, networks: Callable[[], Awaitable[Sequence[UUID]]], stop: asyncio.Event
) -> None:
    """Send what is due in every network until `stop` is set, looking once a second: somebody waits for their code.

    Errors are logged and it goes on; networks of a replayed or simulated time send nothing.
    """
    pause = _PAUSE_SECONDS
    while not stop.is_set():
        try:
            sent = [await deliver_due(database, doors, network_id) for network_id in await networks()]
            pause = 0.0 if any(count >= _MOST_AT_ONCE for count in sent) else _PAUSE_SECONDS
        except Exception as error:  # noqa: BLE001 (what waits is tried again, whatever went wrong)
            _log.warning("messages_not_sent", exc_info=error)
            pause = min(max(pause, _PAUSE_SECONDS) * 2, _LONGEST_PAUSE_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def deliver_due(
    database: Database, doors: Doors, network_id: UUID, *, most: int = _MOST_AT_ONCE, now: datetime | None = None
) -> int:
    """Send what is due in one network, and return how many messages were looked at.

    No transaction is open while a provider answers. Each message goes out at least once: where this process dies
    between the provider's answer and its note, the message is sent again after the lease.
    """
    async with database.unit(network_id, role="worker", now=now) as uow:
        at = await uow.now()
        rows = await waiting.claim(uow, at, at + _LEASE, most)
        known = await _known(uow, doors, rows, at) if rows else None
    if known is None:
        return 0
    ports = sinks(database) if network_id in doors.kept_networks else doors.ports
    side_by_side = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(row: waiting.Claimed) -> _Step:
        async with side_by_side:
            return await _one(doors, ports, network_id, known, row)

    steps = await asyncio.gather(*(one(row) for row in rows))
    async with database.unit(network_id, role="worker", now=now) as uow:
        await _note(uow, steps)
    return len(rows)


async def _known(uow: UnitOfWork, doors: Doors, rows: Sequence[waiting.Claimed], now: datetime) -> _Known:
    subjects = {row.subject_id for row in rows if row.subject_id is not None}
    contacts = await member.contacts(uow, doors.keyring, subjects)
    home = await network.network_of(uow)
    return _Known(
        name=home.name,
        rules=await wishes.rules(uow),
        moment=Moment(now, ZoneInfo(home.time_zone), simulated=home.simulated),
        contacts=contacts,
        recipients=await recipients(uow, contacts),
        keys=await member.sealing_keys(uow, doors.keyring, subjects, SEALED_FOR),
        addresses=await addresses.addresses_of(
            uow, doors.keyring, {asked: one.known.subject_ids for asked, one in contacts.items()}
        ),
    )


async def _one(
    doors: Doors, ports: Mapping[Channel, Port], network_id: UUID, known: _Known, row: waiting.Claimed
) -> _Step:
    step = _before(known, row)
    if step is not None:
        return step
    channel = known.way(row, ports)
    if channel is Channel.NONE:
        return _Step(row, State.FAILED, "no_channel_left")
    if channel is Channel.PAPER:
        until = on_paper_until(row.useful_until, row.ends_at, known.moment.now)
        return _Step(row, State.QUEUED, "next_receipt", later=until, channel=channel)
    gone: list[UUID] = []
    try:
        message = _write(doors, network_id, known, row, channel)
        places = [_Place(message.address)] if row.subject_id is None else known.places(row.subject_id, channel)
        delivered = await _everywhere(ports.get(channel, _MISSING), message, places, gone)
        step = _Step(row, State.SENT, channel=channel, provider_reference=delivered.provider_reference)
    except NotDelivered as error:
        step = _failed(known, ports, row, channel, error)
    except Exception as error:  # noqa: BLE001 (one message's trouble must not make the others go out twice)
        _log.warning("message_not_understood", message_id=str(row.message_id), kind=type(error).__name__)
        step = _failed(known, ports, row, channel, NotDelivered("internal_error", passing=True))
    return replace(step, gone=tuple(gone))


async def _everywhere(port: Port, message: Outgoing, places: Sequence[_Place], gone: list[UUID]) -> Delivered:
    """Send a message to every place of its person on a channel; it was sent where one of them took it.

    Raises the last `NotDelivered` where none did. `gone` gets the ids of browsers that want no more.
    """
    sent: Delivered | None = None
    failure = NotDelivered("no_address", passing=False)
    for place in places:
        try:
            sent = await port.deliver(replace(message, address=place.address))
        except NotDelivered as error:
            failure = error
            if error.reason == _GONE and place.id is not None:
                gone.append(place.id)
    if sent is None:
        raise failure
    return sent


def _before(known: _Known, row: waiting.Claimed) -> _Step | None:
    """Say what becomes of a message without sending it, or None where it may go."""
    now = known.moment.now
    if now >= row.useful_until:
        return _Step(row, State.FAILED, "too_late")
    if row.subject_id is None:
        return _Step(row, State.REFUSED, "network_simulated") if known.moment.simulated else None
    recipient = known.recipients.get(row.subject_id)
    refusal = still_refused(Template(row.template).kind, recipient, known.moment)
    if refusal is not None:
        return _Step(row, State.REFUSED, refusal.value)
    due_at = due(Purpose(row.purpose), known.rules, known.moment, recipient)
    if due_at is None:
        return _Step(row, State.REFUSED, Refusal.NO_HOUR.value)
    # A sender that was away in the evening must not make up for it at night.
    return _Step(row, State.QUEUED, "quiet_hours", later=due_at, counts=False) if due_at > now else None


def _write(doors: Doors, network_id: UUID, known: _Known, row: waiting.Claimed, channel: Channel) -> Outgoing:
    link = None
    if row.subject_id is None:
        sealed = open_sealed(doors.keyring, network_id, row)
        address = sealed.address
        parameters: Mapping[str, Value] = sealed.parameters
    else:
        assert row.parameters is not None
        address = ""
        parameters = open_parameters(known.keys[row.subject_id], row.message_id, row.parameters)
        if row.purpose == Purpose.MARKETING:
            link = stop_link(doors.keyring, doors.public_base, network_id, row.subject_id, row.message_id)
    # A notification has a button for it instead of a line, and WeChat a menu.
    said = None if channel in (Channel.PUSH, Channel.WECHAT) else link
    text = render(Template(row.template), row.language, known.name, parameters, said, known.moment.zone)
    # A provider elsewhere reaches addresses of ours only where others do.
    reachable = channel is Channel.SMS and doors.public_base.startswith("https://")
    report = report_link(doors.keyring, doors.public_base, network_id, row.message_id) if reachable else None
    leads_to = parameters.get("link")
    return Outgoing(
        network_id=network_id,
        message_id=row.message_id,
        address=address,
        title=text.title,
        body=text.body,
        language=row.language,
        stop_link=link,
        link=leads_to if isinstance(leads_to, str) else None,
        seconds_left=int((row.useful_until - known.moment.now).total_seconds()),
        report_link=report,
        template=Template(row.template),
        values={**parameters, "network": known.name},
        zone=known.moment.zone,
    )


def _failed(
    known: _Known, ports: Mapping[Channel, Port], row: waiting.Claimed, channel: Channel, error: NotDelivered
) -> _Step:
    now, code = known.moment.now, error.provider_code
    wait = wait_after(row.tries) if error.passing else None
    onward = wait is None and known.onward(row, ports, channel) is not None
    # The log tells what the operator can mend, and nothing of the person.
    _log.warning(
        "message_not_delivered",
        message_id=str(row.message_id),
        channel=channel.value,
        reason=error.reason,
        provider_code=error.provider_code,
        tries=row.tries,
        again_in_seconds=None if wait is None else wait.total_seconds(),
        next_channel=onward,
    )
    if wait is None:
        hard, later = not error.passing, now if onward else None
        return _Step(row, State.FAILED, error.reason, later, channel, provider_code=code, hard=hard, onward=onward)
    return _Step(row, State.QUEUED, error.reason, now + wait, channel, provider_code=code)


async def _note(uow: UnitOfWork, steps: Sequence[_Step]) -> None:
    now = await uow.now()
    # A provider may have told already what became of what it is about to take.
    await store.lock_messages(uow, [step.row.message_id for step in steps])
    before: dict[UUID, list[store.Delivery]] = {}
    for one in await store.steps_of(uow, [step.row.message_id for step in steps]):
        before.setdefault(one.message_id, []).append(one)
    deliveries, ended, later = [], [], []
    for step in steps:
        known = before.get(step.row.message_id, [])
        late = step.state is State.SENT and judge(known, State.SENT, step.provider_reference, now) is Verdict.LATE
        deliveries.append(_delivery(step, now, late=late))
        if step.onward:
            # Later by the least that ids tell apart.
            onward = store.Delivery(ids.uuid7(now + _TICK), step.row.message_id, State.QUEUED, "next_channel", now)
            deliveries.append(onward)
        if step.later is not None:
            later.append(_later(step, step.later, now))
        elif not late:
            ended.append(step.row.message_id)
        subject_id = step.row.subject_id
        if step.hard and step.reason in ADDRESS_FAULTS and subject_id is not None and step.channel is not None:
            await stops.add(uow, subject_id, step.channel.value, step.reason, now)
    await address_store.forget(uow, [id_ for step in steps for id_ in step.gone])
    await store.add_deliveries(uow, deliveries)
    await waiting.forget(uow, ended)
    await waiting.delay(uow, later)


def _delivery(step: _Step, now: datetime, *, late: bool) -> store.Delivery:
    return store.Delivery(
        id=ids.uuid7(now),
        message_id=step.row.message_id,
        state=step.state.value,
        reason=step.reason,
        happened_at=now,
        provider_reference=step.provider_reference,
        provider_code=step.provider_code,
        channel=None if step.channel is None else step.channel.value,
        hard=step.hard,
        late=late,
    )


def _later(step: _Step, later: datetime, now: datetime) -> waiting.Later:
    row = step.row
    if step.onward and step.channel is not None:
        return waiting.Later(row.message_id, later, 0, row.useful_until, [*row.tried, step.channel.value])
    if step.channel is Channel.PAPER:
        return waiting.Later(row.message_id, later, 0, later, row.tried, on_paper=True)
    if step.counts:
        return waiting.Later(row.message_id, later, row.tries, row.useful_until, row.tried)
    # Whoever wants to be left in peace loses nothing by it: a message is wanted as long after the quiet hours as it
    # was before, but not beyond the end of what it tells of.
    useful_until = row.useful_until + (later - now)
    useful_until = useful_until if row.ends_at is None else min(useful_until, row.ends_at)
    return waiting.Later(row.message_id, later, row.tries - 1, useful_until, row.tried)
