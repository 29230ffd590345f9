"""Show shops nearby to who looks for some: by rank, a few by chance, and what was shown is kept to learn from it."""

from datetime import timedelta

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.match import store
from ringmain.match.model import Context, Match
from ringmain.match.nearby import find

# What a shop was shown in so many days counts for how often chance shows it.
_DAYS = 7


async def show_nearby(uow: UnitOfWork, context: Context) -> list[Match]:
    """Return what `nearby` does, of which three places in a hundred are given by chance to shops that are seen little.

    For a list that a person sees, in a transaction that does nothing else. Appended is which shops were shown, the
    chance of each place, and who asked only where they agreed to personal answers; not where they were, nor their
    words. Raises `ShopNotFound` where `at_shop_id` is unknown. Announces `match_shown`.
    """
    found = await find(uow, context, explore=True)
    if found.matches:
        now = await uow.now()
        shown = store.Shown(
            uuid7(now),
            context.subject_ids[0] if found.personal else None,
            tuple(one.shop.id for one in found.matches),
            tuple(one.propensity for one in found.drawn),
            tuple(one.explored for one in found.drawn),
            found.candidates,
        )
        await store.add_shown(uow, shown, now)
        uow.record("match_shown", [shown.id])
    return found.matches


async def count_exposures(uow: UnitOfWork) -> None:
    """Count how often each shop was shown on each of the last seven UTC days, where that was not done yet."""
    now = await uow.now()
    for ago in range(_DAYS, 0, -1):
        await store.count_day(uow, now.date() - timedelta(days=ago), now)
