"""What providers tell of messages that they took: noted once, in whatever order it comes, and acted upon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import Keyring, SealBroken
from ringmain.kit.tokens import make_token, read_token
from ringmain.member import api as member
from ringmain.message.errors import MessageUnknown
from ringmain.message.model import Channel, next_way
from ringmain.message.model.finished import Finished
from ringmain.message.model.steps import ADDRESS_FAULTS, State, Verdict, judge, reference_of, wait_after
from ringmain.message.send import recipients
from ringmain.message.store import messages as store
from ringmain.message.store import stops, waiting
from ringmain.message.texts import Template
from ringmain.message.unsubscribe import Unsubscriber, unsubscribe

# Beyond it the next channel is better than another try.
_MOST_LATE_TRIES = 3
_PURPOSE = "delivery report"
_UUID_BYTES = 16
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says of a message. `hard`: it can never arrive by this way; `reason` is a word of ours."""

    message_id: UUID
    state: State
    happened_at: datetime
    reason: str | None = None
    hard: bool = False
    provider_reference: str | None = None
    provider_code: int | None = None


def report_link(keyring: Keyring, public_base: str, network_id: UUID, message_id: UUID) -> str:
    """Return where the provider of text messages tells what became of one; nobody else can make it."""
    return f"{public_base}/callbacks/sms/{make_token(keyring, _PURPOSE, network_id.bytes + message_id.bytes)}"


def read_report_token(keyring: Keyring, token: str) -> tuple[UUID, UUID]:
    """Return network and message that the token of such an address names. Raises `MessageUnknown`."""
    try:
        data = read_token(keyring, _PURPOSE, token)
    except SealBroken:
        raise MessageUnknown from None
    return UUID(bytes=data[:_UUID_BYTES]), UUID(bytes=data[_UUID_BYTES:])


async def take_finished(uow: UnitOfWork, keyring: Keyring, told: Finished) -> bool:
    """Note what WeChat tells of a message; False where no message of this network went out under this number (yet)."""
    message_id = await store.by_reference(uow, told.reference)
    if message_id is None:
        return False
    # Neither a person who blocks the account nor a failure of WeChat's own is any different at the next try.
    report = Report(
        message_id,
        told.state,
        told.happened_at,
        told.reason,
        hard=told.state is State.FAILED,
        provider_reference=told.reference,
    )
    await take_reports(uow, keyring, [report])
    return True


async def note_opened(uow: UnitOfWork, keyring: Keyring, known: member.Known, reference_id: UUID) -> None:
    """Note that a person has followed the link of the last message that told them of something, once.

    Of who agrees neither to personal answers nor to messages nothing is noted.
    """
    agreed = [
        await member.consented(uow, [known.subject_id], purpose)
        for purpose in (member.Purpose.MARKETING, member.Purpose.PERSONALISATION)
    ]
    if not any(known.subject_id in some for some in agreed):
        return
    sent = (State.SENT, State.DELIVERED)
    told = [one for one in await store.decided(uow, known.subject_ids, [reference_id]) if one.state in sent]
    if told:
        last = max(told, key=lambda one: one.id)
        await take_reports(uow, keyring, [Report(last.id, State.OPENED, await uow.now())])


async def take_reports(uow: UnitOfWork, keyring: Keyring, reports: Sequence[Report]) -> list[Verdict]:
    """Note what providers tell, one verdict for each; what was told before, or too late to matter, changes nothing.

    What failed for now is tried again later, what failed for good goes by the person's next channel, and a channel
    whose address is at fault is stopped until it is confirmed again. A complaint stops marketing. Announces
    `message_delivery`.
    """
    await store.lock_messages(uow, {one.message_id for one in reports})
    heads = {one.id: one for one in await store.heads(uow, {one.message_id for one in reports})}
    steps: dict[UUID, list[store.Delivery]] = {}
    for step in await store.steps_of(uow, heads):
        steps.setdefault(step.message_id, []).append(step)
    desk = _Desk(uow, keyring, await uow.now())
    verdicts = []
    for one in reports:
        head = heads.get(one.message_id)
        before = steps.get(one.message_id, [])
        verdict = Verdict.UNKNOWN if head is None else judge(before, one.state, one.provider_reference, one.happened_at)
        if head is not None and verdict in (Verdict.NEW, Verdict.LATE):
            noted = desk.note(one, head, before, late=verdict is Verdict.LATE)
            before.append(noted)
            if verdict is Verdict.NEW:
                await desk.act(one, head, before)
        verdicts.append(verdict)
    await store.add_deliveries(uow, desk.deliveries)
    return verdicts


class _Desk:
    """Notes reports in order, each a little later than the one before, and does what follows from them."""

    def __init__(self, uow: UnitOfWork, keyring: Keyring, now: datetime) -> None:
        self._uow = uow
        self._keyring = keyring
        self._now = now
        self.deliveries: list[store.Delivery] = []

    def note(
        self, report: Report, head: store.Message, before: Sequence[store.Delivery], *, late: bool
    ) -> store.Delivery:
        """Return the step that a report is, and keep it for writing."""
        reason = report.reason
        if reason is None and report.state in (State.FAILED, State.BOUNCED):
            reason = "provider_refused"
        return self._keep(
            store.Delivery(
                id=self._next_id(),
                message_id=head.id,
                state=report.state.value,
                reason=reason,
                happened_at=report.happened_at,
                provider_reference=reference_of(before, report.provider_reference),
                provider_code=report.provider_code,
                channel=_channel(head, before, report.provider_reference).value,
                hard=report.hard if report.state in (State.FAILED, State.BOUNCED) else None,
                late=late,
            )
        )

    async def act(self, report: Report, head: store.Message, steps: list[store.Delivery]) -> None:
        """Do what follows from a report that is news."""
        if report.state in (State.DELIVERED, State.OPENED):
            await waiting.forget(self._uow, [head.id])
        elif report.state is State.COMPLAINED:
            await self._complained(head, steps)
        elif report.state in (State.FAILED, State.BOUNCED):
            await self._failed(report, head, steps)

    async def _complained(self, head: store.Message, steps: Sequence[store.Delivery]) -> None:
        await waiting.forget(self._uow, [head.id])
        if head.subject_id is None:
            return
        await stops.add(self._uow, head.subject_id, Channel(steps[-1].channel or head.channel), "complained", self._now)
        who = Unsubscriber(self._uow.network_id, head.subject_id, head.id)
        await unsubscribe(self._uow, who, head.language, place="message")

    async def _failed(self, report: Report, head: store.Message, steps: list[store.Delivery]) -> None:
        failed = steps[-1]
        channel = Channel(failed.channel or head.channel)
        if head.subject_id is None or channel is Channel.NONE:
            return
        bounced = report.state is State.BOUNCED
        if report.hard and (bounced or failed.reason in ADDRESS_FAULTS):
            await stops.add(self._uow, head.subject_id, channel, failed.reason or "bounced", self._now)
        if head.useful_until is None or head.useful_until <= self._now or head.parameters is None:
            return
        tries = sum(one.state == State.FAILED and one.channel == channel for one in steps)
        pause = None if report.hard or bounced or tries >= _MOST_LATE_TRIES else wait_after(tries)
        tried = {Channel(one.channel) for one in steps if one.hard and one.channel}
        if pause is None:
            tried.add(channel)
            if await self._next(head, tried) is None:
                return
        again = waiting.Waiting(
            message_id=head.id,
            due_at=self._now + (pause or timedelta(0)),
            useful_until=head.useful_until,
            ends_at=head.ends_at,
            tried=sorted(one.value for one in tried),
        )
        await waiting.again(self._uow, again)
        reason = "next_channel" if pause is None else failed.reason
        steps.append(self._keep(store.Delivery(self._next_id(), head.id, State.QUEUED.value, reason, self._now)))

    async def _next(self, head: store.Message, tried: set[Channel]) -> Channel | None:
        assert head.subject_id is not None
        contacts = await member.contacts(self._uow, self._keyring, [head.subject_id])
        recipient = (await recipients(self._uow, contacts)).get(head.subject_id)
        return None if recipient is None else next_way(recipient.ways(Template(head.template).kind), tried)

    def _keep(self, step: store.Delivery) -> store.Delivery:
        self.deliveries.append(step)
        return step

    def _next_id(self) -> UUID:
        # The order of steps is that of their ids, which are ordered by the millisecond.
        return ids.uuid7(self._now + _TICK * len(self.deliveries))


def _channel(head: store.Message, steps: Sequence[store.Delivery], reference: str | None) -> Channel:
    """Return by which channel a message went to which a provider gave a reference; else by which it went last."""
    went = [one for one in steps if one.state == State.SENT and one.channel is not None]
    same = [one for one in went if reference is not None and one.provider_reference == reference]
    found = (same or went)[-1:]
    return Channel(found[0].channel) if found and found[0].channel else Channel(head.channel)
