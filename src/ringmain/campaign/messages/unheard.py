"""Take back vouchers by message of which nobody has heard: every way to their person has failed.

Nobody shall hold a voucher that they never hear of, with a merchant's money set aside for it. What was spent, or
lent to a till, meanwhile stays.
"""

from datetime import timedelta

from ringmain.campaign.messages import store
from ringmain.campaign.messages.model import Unheard
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.message import api as message
from ringmain.voucher import api as voucher

# A worker that was away for a weekend still finds them; what waited for a receipt longer than that has ended by itself.
_LOOK_BACK = timedelta(days=3)
# So few that a redemption, which waits for a purse, waits no longer than 250 ms.
_AT_ONCE = 500


async def take_back_unheard(uow: UnitOfWork) -> int:
    """Take back what nobody has heard of, some at a time, and return how many were; 0 where none is left.

    Their money is the funder's again, and the budget counts it at its next count. Announces `message_unheard`.
    """
    await store.lock_rounds(uow)
    now = await uow.now()
    failed = await message.failed_since(uow, message.Template.VOUCHER_GIVEN, now - _LOOK_BACK)
    # The voucher's id is its choice's, and what the message is about.
    given = await store.given_by_message(uow, [one.reference_id for one in failed])
    left = [one for one in failed if one.reference_id in given][:_AT_ONCE]
    if not left:
        return 0
    answers = await voucher.void(uow, [one.reference_id for one in left])
    rows = [
        Unheard(one.reference_id, one.message_id, one.reason, answer.released_minor, now)
        for one, answer in zip(left, answers, strict=True)
        if not isinstance(answer, RuleBroken)
    ]
    if rows:
        await store.add_unheard(uow, rows)
        uow.record("message_unheard", [one.choice_id for one in rows])
    return len(rows)
