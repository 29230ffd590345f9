"""Undo redemptions: the voucher lives again, or its money goes back to the funder; always by adding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.voucher import api as voucher


@dataclass(frozen=True, slots=True)
class ReversalAnswer:
    """What a reversal did; `revived` False means that it came too late and the money went back to the funder."""

    reversal_id: UUID
    redemption_id: UUID
    voucher_id: UUID
    amount_minor: int
    currency: str
    revived: bool
    reversed_at: datetime


async def reverse(uow: UnitOfWork, reversals: Sequence[voucher.Reverse]) -> list[ReversalAnswer | RuleBroken]:
    """Undo redemptions in order of arrival; a redemption is undone once. The time is that of the transaction."""
    now = await uow.now()
    dated = [voucher.Reverse(one.id, one.redemption_id, one.merchant_id, now, one.reason) for one in reversals]
    answers: list[ReversalAnswer | RuleBroken] = []
    for outcome in await voucher.apply(uow, dated):
        if isinstance(outcome, voucher.Reversed):
            answers.append(
                ReversalAnswer(
                    reversal_id=outcome.id,
                    redemption_id=outcome.redemption_id,
                    voucher_id=outcome.voucher_id,
                    amount_minor=outcome.amount_minor,
                    currency=outcome.currency,
                    revived=outcome.revived,
                    reversed_at=outcome.at,
                )
            )
        else:
            assert isinstance(outcome, RuleBroken)
            answers.append(outcome)
    return answers
