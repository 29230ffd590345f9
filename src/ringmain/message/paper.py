"""Words at the end of a printed receipt: for who has no other channel, or asked for paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message.model import Channel, Moment, Recipient, still_refused
from ringmain.message.model.steps import State
from ringmain.message.send import SEALED_FOR, open_parameters, recipients
from ringmain.message.store import messages as store
from ringmain.message.store import paper as paper_store
from ringmain.message.store import waiting
from ringmain.message.texts import Template, render
from ringmain.network import api as network

# More on a receipt nobody reads.
MOST_ON_RECEIPT = 2


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands on a receipt, in the language of its person."""

    language: str
    text: str = field(repr=False)


async def print_on_receipt(uow: UnitOfWork, keyring: Keyring, subject_id: UUID, sale_id: UUID) -> list[Printed]:
    """Return what the receipt of a sale tells its person, and note that it was told; printed again it says the same.

    What their rules refuse by now is not printed. Announces `message_delivery`.
    """
    contacts = await member.contacts(uow, keyring, [subject_id])
    if subject_id not in contacts:
        return []
    subjects = contacts[subject_id].known.subject_ids
    keys = await member.sealing_keys(uow, keyring, subjects, SEALED_FOR)
    home, now, reference = await network.network_of(uow), await uow.now(), f"receipt/{sale_id}"
    zone = ZoneInfo(home.time_zone)
    heads = await store.told_by(uow, subjects, reference)
    # Kept also where there is nothing to tell: who gets receipts can be told on them.
    await paper_store.note_printed(uow, contacts[subject_id].known.subject_id, now)
    if not heads:
        heads = await _take(
            uow, (await recipients(uow, contacts))[subject_id], Moment(now, zone, home.simulated), subjects
        )
        steps = [
            store.Delivery(
                ids.uuid7(now), one.id, State.SENT, None, now, provider_reference=reference, channel=Channel.PAPER
            )
            for one in heads
        ]
        await store.add_deliveries(uow, steps)
        await waiting.forget(uow, [one.id for one in heads])
    printed = []
    for one in heads:
        key = keys.get(one.subject_id) if one.subject_id else None
        if key is not None and one.parameters is not None:
            parameters = open_parameters(key, one.id, one.parameters)
            # Nobody types an address from paper; the wallet, and the till, know the voucher.
            words = render(Template(one.template), one.language, home.name, {**parameters, "link": ""}, zone=zone)
            printed.append(Printed(one.language, words.body.strip()))
    return printed


async def _take(uow: UnitOfWork, recipient: Recipient, moment: Moment, subjects: Sequence[UUID]) -> list[store.Message]:
    rows = await waiting.for_paper(uow, subjects, moment.now, MOST_ON_RECEIPT)
    wanted = [row.message_id for row in rows if still_refused(Template(row.template).kind, recipient, moment) is None]
    return sorted(await store.heads(uow, wanted), key=lambda one: one.id)
