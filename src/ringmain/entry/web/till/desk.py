"""The place where a till stands, as its pages know it: shop, terminal, and who is at it."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers
from babel.core import get_global
from babel.numbers import get_currency_precision

from ringmain.entry.web.till.errors import StaffGone
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http.cards import json_holds_card_number
from ringmain.kit.http.problem import CardNumberRefused
from ringmain.kit.pages import Visit
from ringmain.kit.pages.sessions import change_facts
from ringmain.network import api as network
from ringmain.voucher.api import Redeemer

Sent = TypeVar("Sent")
MANAGERS = ("owner", "manager")


@dataclass(frozen=True, slots=True)
class Desk:
    """A till with its shop; `staff_id` is None while it is locked."""

    ring: network.Network
    shop: network.Shop
    terminal_id: UUID
    staff_id: UUID | None
    staff_name: str
    staff_role: str

    @property
    def currency(self) -> str:
        """The currency of the network, and so of every amount at this till."""
        return self.ring.currency

    @property
    def precision(self) -> int:
        """How many decimals the currency has."""
        return int(get_currency_precision(self.currency))

    @property
    def is_manager(self) -> bool:
        """Whether who stands here may do what cashiers may not."""
        return self.staff_role in MANAGERS

    @property
    def redeemer(self) -> Redeemer:
        """The till as vouchers know it."""
        return Redeemer(self.shop.merchant_id, self.shop.id, self.terminal_id, self.shop.time_zone)

    @property
    def region(self) -> str | None:
        """The country (ISO 3166) in which a phone without + belongs."""
        found = get_global("zone_territories").get(self.shop.time_zone)
        return None if found is None else str(found)

    def day_begins(self, now: datetime) -> datetime:
        """Return when the shop's present day began."""
        zone = ZoneInfo(self.shop.time_zone)
        return datetime.combine(now.astimezone(zone).date(), time(), zone)


async def desk_of(uow: UnitOfWork, visit: Visit) -> Desk:
    """Return the till of a session. Raises `StaffGone` where who unlocked it works here no more; the till is locked."""
    facts = visit.known.facts
    shop = await network.shop_of(uow, UUID(facts["shop_id"]))
    staff_id = UUID(facts["staff_id"]) if facts.get("staff_id") else None
    if staff_id is None:
        return Desk(await network.network_of(uow), shop, visit.holder_id, None, "", "")
    staff = await network.staff_at(uow, staff_id, shop.id, shop.merchant_id)
    if staff is None:
        raise StaffGone()
    return Desk(await network.network_of(uow), shop, visit.holder_id, staff.id, staff.name, staff.role)


async def lock(uow: UnitOfWork, visit: Visit) -> None:
    """Let nobody be at the till; who was is remembered as a first choice."""
    await change_facts(uow, visit.known, staff_id=None, staff_name=None, staff_role=None)


async def received(visit: Visit, kind: type[Sent]) -> Sent:
    """Return the JSON of our module. Raises `FormUnreadable`, or `CardNumberRefused` where it holds a card number."""
    if json_holds_card_number(await visit.request.body()):
        raise CardNumberRefused
    return await visit.sent(kind)


def mobile_digits(region: str | None) -> int:
    """Return how many digits a mobile phone has as people of a region write it, 0 where that differs."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region) if region else None
    if metadata is None or metadata.mobile is None or len(metadata.mobile.possible_length) != 1:
        return 0
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return 0
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    return sum(letter.isdigit() for letter in text)
