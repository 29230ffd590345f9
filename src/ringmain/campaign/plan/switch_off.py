"""Planned switch-offs: in areas drawn by chance no campaign gives anything for some days, to see what visits remain."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.campaign.errors import SwitchOffInvalid, SwitchOffNotFound, SwitchOffPlanned
from ringmain.campaign.plan.assignment import area_of, place_of
from ringmain.campaign.plan.model import SwitchOff
from ringmain.campaign.plan.store import switch_offs as store
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.network.api import Shop

LEAST_SHARE_BP, MOST_SHARE_BP = 1_000, 5_000
LEAST_DAYS, MOST_DAYS = 30, 180
# With fewer areas on a side nothing could be told from chance (`loop.model.switch_off`).
FEWEST_AREAS = 3
_FULL_BP = 10_000
_SALT_BYTES = 16
_TRIES = 10_000
_SHOWN = 20


def is_off(one: SwitchOff, area: str) -> bool:
    """Say whether an area is among those that a switch-off was drawn for."""
    return place_of(one.salt, area) < one.share_bp / _FULL_BP


def holds(one: SwitchOff | None, shop: Shop | None) -> bool:
    """Say whether a shop lies where the money is off."""
    return one is not None and shop is not None and is_off(one, area_of(shop.latitude, shop.longitude))


async def areas(uow: UnitOfWork) -> list[str]:
    """Return the areas in which the network has shops."""
    return sorted({area_of(shop.latitude, shop.longitude) for shop in await network.all_shops(uow)})


async def plan_switch_off(uow: UnitOfWork, *, share_bp: int, starts_at: datetime, days: int) -> SwitchOff:
    """Draw areas in which no campaign gives anything for so many days from a moment on.

    Games go on there: what stands in is won in the place of a campaign's voucher. Raises `SwitchOffInvalid` with the
    field, or `SwitchOffPlanned` where one runs or waits. Announces `switch_off_changed`.
    """
    await store.lock(uow)
    now = await uow.now()
    if await store.open_after(uow, now):
        raise SwitchOffPlanned
    if not LEAST_SHARE_BP <= share_bp <= MOST_SHARE_BP:
        raise SwitchOffInvalid(field="share_bp", reason="A tenth to a half of the areas are switched off.")
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise SwitchOffInvalid(field="days", reason="It lasts 30 to 180 days.")
    if starts_at < now:
        raise SwitchOffInvalid(field="starts_at", reason="It starts now or later.")
    named = await areas(uow)
    wanted = max(FEWEST_AREAS, round(len(named) * share_bp / _FULL_BP))
    if len(named) - wanted < FEWEST_AREAS:
        raise SwitchOffInvalid(
            field="share_bp", reason="Three areas have to be off, and three on: shops lie in too few areas for that."
        )
    one = SwitchOff(
        id=uuid7(now),
        salt=_salt(named, wanted, share_bp),
        share_bp=share_bp,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=days),
        planned_at=now,
        stopped_at=None,
    )
    await store.add(uow, one)
    uow.record("switch_off_changed", [one.id])
    return one


def _salt(named: list[str], wanted: int, share_bp: int) -> bytes:
    """Return a key that draws so many of these areas: every such set is as likely as any other."""
    for _ in range(_TRIES):
        salt = secrets.token_bytes(_SALT_BYTES)
        if sum(place_of(salt, area) < share_bp / _FULL_BP for area in named) == wanted:
            return salt
    raise SwitchOffInvalid(field="share_bp", reason="So few areas cannot be drawn: choose a larger share.")


async def stop_switch_off(uow: UnitOfWork, switch_off_id: UUID) -> SwitchOff:
    """Call off a switch-off, or end it early: campaigns give everywhere again. Raises `SwitchOffNotFound`.

    Once more changes nothing. Announces `switch_off_changed`.
    """
    if await store.stop(uow, switch_off_id, await uow.now()):
        uow.record("switch_off_changed", [switch_off_id])
    found = next((one for one in await store.newest(uow, _SHOWN) if one.id == switch_off_id), None)
    if found is None:
        raise SwitchOffNotFound
    return found


async def switch_offs(uow: UnitOfWork) -> list[SwitchOff]:
    """Return the newest twenty, those that are over among them."""
    return await store.newest(uow, _SHOWN)


async def current(uow: UnitOfWork, at: datetime) -> SwitchOff | None:
    """Return the switch-off that runs at a moment."""
    return next((one for one in await store.open_after(uow, at) if one.starts_at <= at), None)
