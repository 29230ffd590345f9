"""The till's door: single requests become batches, each batch one transaction, and each caller has its own answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from ringmain.kit.audit import Actor, Facts, audit
from ringmain.kit.coalescer import Coalescer
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import persist, transient
from ringmain.kit.http.problem import ValueNotStorable
from ringmain.kit.http.transactions import not_storable
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.sale.model import NewSale, Recorded
from ringmain.sale.record import sell
from ringmain.sale.reverse import ReversalAnswer, reverse
from ringmain.voucher import api as voucher

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# The scopes of idempotency keys; a redemption is a minimal sale, so both share one.
RECORD = 1
REVERSE = 2


class TillDoor:
    """Runs the till's use cases, coalesced or as batches, each batch under its idempotency keys and with one commit.

    `coalesce` False gives every request a transaction of its own: only to measure what coalescing is worth.
    """

    def __init__(self, database: Database, keyring: Keyring, *, coalesce: bool = True) -> None:
        self._database = database
        self._keyring = keyring
        limit = 256 if coalesce else 1
        lanes = 2 if coalesce else 8
        self._sales: Coalescer[UUID, Keyed[NewSale], Recorded | RuleBroken] = Coalescer(
            "sales", self._record, transient=transient, max_batch=limit, in_flight=lanes
        )
        self._reversals: Coalescer[UUID, Keyed[voucher.Reverse], ReversalAnswer | RuleBroken] = Coalescer(
            "reversals", self._reverse, transient=transient, max_batch=limit, in_flight=lanes
        )

    async def record(self, network_id: UUID, sale: Keyed[NewSale]) -> Recorded | RuleBroken:
        """Record one sale, together with those that arrive at the same time."""
        return await self._sales.submit(network_id, sale)

    async def reverse(self, network_id: UUID, reversal: Keyed[voucher.Reverse]) -> ReversalAnswer | RuleBroken:
        """Undo one redemption, together with those that arrive at the same time."""
        return await self._reversals.submit(network_id, reversal)

    async def record_batch(self, network_id: UUID, sales: Sequence[Keyed[NewSale]]) -> list[Recorded | RuleBroken]:
        """Record many sales in one transaction; one answer each. What the database cannot store fails alone."""
        try:
            return await persist(lambda: self._record(network_id, sales))
        except Exception as error:
            if not not_storable(error):
                raise
            if len(sales) == 1:
                return [ValueNotStorable()]
        # Halving finds who is to blame; the keys keep every item at one effect.
        middle = len(sales) // 2
        first = await self.record_batch(network_id, sales[:middle])
        return first + await self.record_batch(network_id, sales[middle:])

    async def close(self) -> None:
        """Wait until everything on its way has been answered."""
        await self._sales.close()
        await self._reversals.close()

    async def _record(self, network_id: UUID, sales: Sequence[Keyed[NewSale]]) -> list[Recorded | RuleBroken]:
        async def decide(uow: UnitOfWork, items: Sequence[NewSale]) -> list[Recorded | RuleBroken]:
            return await sell(uow, self._keyring, items)

        return await self._answered(network_id, RECORD, sales, decide, Recorded)

    async def _reverse(
        self, network_id: UUID, reversals: Sequence[Keyed[voucher.Reverse]]
    ) -> list[ReversalAnswer | RuleBroken]:
        undoing = {keyed.item.id: keyed for keyed in reversals}

        async def decide(uow: UnitOfWork, items: Sequence[voucher.Reverse]) -> list[ReversalAnswer | RuleBroken]:
            answers = await reverse(uow, items)
            for item, answer in zip(items, answers, strict=True):
                if isinstance(answer, ReversalAnswer):
                    await _note_reversal(uow, undoing[item.id], answer)
            return answers

        return await self._answered(network_id, REVERSE, reversals, decide, ReversalAnswer)

    async def _answered(
        self,
        network_id: UUID,
        operation: int,
        items: Sequence[Keyed[Item]],
        decide: Callable[[UnitOfWork, Sequence[Item]], Awaitable[Sequence[Answer | RuleBroken]]],
        answer_type: Any,
    ) -> list[Answer | RuleBroken]:
        async with self._database.unit(network_id, keyed=True) as uow:
            return await answer_once(uow, operation, items, decide, answer_type)


async def _note_reversal(uow: UnitOfWork, keyed: Keyed[voucher.Reverse], answer: ReversalAnswer) -> None:
    """Note who undid a redemption; the reason is written freely, so it stays with the reversal."""
    facts: Facts = {
        "redemption_id": answer.redemption_id,
        "voucher_id": answer.voucher_id,
        "amount_minor": answer.amount_minor,
        "currency": answer.currency,
        "revived": answer.revived,
    }
    actor = keyed.actor or Actor("terminal", keyed.principal_id)
    await audit(uow, actor, "reverse_redemption", "reversal", answer.reversal_id, facts, keyed.request_id)
