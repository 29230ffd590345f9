"""Ask what would happen: from the command at once, or as a question that a job answers and that is kept."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ringmain.campaign.api import area_of
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.loop import api as loop
from ringmain.loop.api import NetworkFigures
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.simulate.errors import WhatIfUnknown
from ringmain.simulate.what_if import store
from ringmain.simulate.what_if.change import AddShop, Answer, DoubleBudget, Question, RemoveShop, ask
from ringmain.simulate.what_if.store import Asked
from ringmain.simulate.what_if.town import calibrated

_SHOWN = 20
_LOOK_SECONDS = 1.0
_SEED = 0


async def question_of(
    uow: UnitOfWork, *, remove_shop: str | None = None, double_budget: str | None = None, add_shop: str | None = None
) -> Question:
    """Return what is asked in words: a shop or a merchant by id or name, CATEGORY@AREA by area or a shop there.

    Exactly one of them is given. Raises `WhatIfUnknown`.
    """
    given = [one for one in (remove_shop, double_budget, add_shop) if one is not None]
    if len(given) != 1:
        raise WhatIfUnknown(asked=len(given))
    shops = await network.all_shops(uow)
    if remove_shop is not None:
        return RemoveShop(_shop(shops, remove_shop).id)
    if double_budget is not None:
        merchants = [*await network.all_merchants(uow)]
        found = [one.id for one in merchants if double_budget in (str(one.id), one.legal_name)]
        if double_budget == str(uow.network_id):
            found = [uow.network_id]
        if len(found) != 1:
            raise WhatIfUnknown(merchant=double_budget)
        return DoubleBudget(found[0])
    category, _, where = (add_shop or "").partition("@")
    near = [shop for shop in shops if area_of(shop.latitude, shop.longitude) == where]
    if not near and where:
        near = [_shop(shops, where)]
    if not near or category not in {shop.category for shop in shops}:
        raise WhatIfUnknown(shop=add_shop)
    latitude, longitude = sum(shop.latitude for shop in near), sum(shop.longitude for shop in near)
    return AddShop(category, latitude / len(near), longitude / len(near))


def _shop(shops: Sequence[Shop], called: str) -> Shop:
    found = [shop for shop in shops if called in (str(shop.id), shop.name)]
    if len(found) != 1:
        raise WhatIfUnknown(shop=called)
    return found[0]


async def answered(
    database: Database,
    lake: Path,
    network_id: UUID,
    question: Question,
    *,
    seed: int = _SEED,
    progress: Callable[[int], bool] = lambda _: True,
) -> Answer:
    """Return what would happen; takes seconds to a minute. Raises `TooLittleHistory` or `WhatIfUnknown`."""
    async with database.unit(network_id) as uow:
        asked = await loop.figures_asked(uow)
    figures = await asyncio.to_thread(loop.network_figures, lake, network_id, asked)
    return await asyncio.to_thread(_live, figures, question, seed, progress)


def _live(figures: NetworkFigures, question: Question, seed: int, progress: Callable[[int], bool]) -> Answer:
    shops = {shop.id: shop for shop in figures.shops}
    if isinstance(question, RemoveShop) and question.shop_id not in shops:
        raise WhatIfUnknown(shop=str(question.shop_id))
    return ask(calibrated(figures, seed), figures, question, seed, progress=progress)


async def keep_question(uow: UnitOfWork, question: Question) -> UUID:
    """Keep a question for the job of the minute; return its id. Announces `what_if_asked`."""
    now = await uow.now()
    id_ = uuid7(now)
    await store.add(uow, id_, question, now)
    uow.record("what_if_asked", [id_])
    return id_


async def stop_question(uow: UnitOfWork, id_: UUID) -> bool:
    """Stop a question that waits or is being answered: what was lived until then is its answer."""
    return await store.stop(uow, id_, await uow.now())


async def questions(uow: UnitOfWork) -> list[Asked]:
    """Return the newest twenty questions with their answers."""
    return await store.newest(uow, _SHOWN)


async def answer_next(database: Database, lake: Path, network_id: UUID, *, now: datetime | None = None) -> UUID | None:
    """Answer the oldest question that waits; return its id, or None where none does."""
    async with database.unit(network_id, role="worker", now=now) as uow:
        one = await store.take(uow, await uow.now())
    if one is None:
        return None
    lived, goes_on = 0, True

    def progress(number: int) -> bool:
        nonlocal lived
        lived = number
        return goes_on

    working = asyncio.create_task(answered(database, lake, network_id, one.question, progress=progress))
    try:
        while not (await asyncio.wait([working], timeout=_LOOK_SECONDS))[0]:
            async with database.unit(network_id, role="worker", now=now) as uow:
                goes_on = await store.progress(uow, one.id, lived, await uow.now()) and goes_on
        answer, failure = working.result(), None
    except RuleBroken as rule:
        answer, failure = None, rule.code
    finally:
        goes_on = False
    if answer is not None and not answer.pairs:
        answer, failure = None, "stopped"
    async with database.unit(network_id, role="worker", now=now) as uow:
        await store.end(uow, one.id, answer, failure, await uow.now())
    return one.id
