"""A person of a small town on their phone: a served town, a signed-in session, and what the database knows."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx2 import AsyncClient
from PIL import Image

from ringmain.entry.web.audiences import PHONE_LIFE
from ringmain.kit.pages import open_session
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.sale import api as sale
from tests.entry.web_site import KEYRING, serving
from tests.member.people import PHONE, Town, small_town
from tests.profile.visits import buy, voucher_of

RYE = (sale.Line("Rye bread", 1_000, 2_400), sale.Line("Rolls", 2_000, 800))


@dataclass(frozen=True, slots=True)
class Me:
    """Anna, her visits (the oldest first), and the cookie of her phone."""

    town: Town
    url: str
    anna: member.Known
    cookie: str
    sales: tuple[UUID, ...]

    def cookies(self) -> list[Any]:
        """Return the cookie for a browser."""
        return [{"name": "rm_phone", "value": self.cookie, "url": self.url}]

    def client(self) -> AsyncClient:
        """Return a client without a browser, signed in."""
        headers = {"cookie": f"rm_phone={self.cookie}", "origin": self.url, "sec-fetch-site": "same-origin"}
        return AsyncClient(base_url=self.url, timeout=30, headers=headers)

    def receipt_path(self, sale_id: UUID) -> str:
        """Return the address of a receipt."""
        return f"/receipts/{sale.receipt_token(KEYRING, self.town.network_id, sale_id)}"


@asynccontextmanager
async def anna_at_home(application_url: str, *, visits: bool = True) -> AsyncIterator[Me]:
    """Serve a town in which Anna bought bread four times and flowers once, of late with a voucher; or nothing yet."""
    async with small_town(application_url) as town:
        town.keyring = KEYRING
        now = datetime.now(tz=UTC)
        anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna Zhang")
        sales = await _visits(town, anna, now) if visits else []
        async with town.database.unit(town.network_id) as uow:
            _, cookie = await open_session(uow, "phone", anna.member_id, PHONE_LIFE)
        async with serving(town.database, None) as url:
            yield Me(town, url, anna, cookie, tuple(sales))


async def _visits(town: Town, anna: member.Known, now: datetime) -> list[UUID]:
    cash: dict[str, Any] = {"lines": RYE, "tenders": (sale.Tender("cash", 3_200),)}
    sales = [await buy(town, anna, now - timedelta(days=days), **cash) for days in (40, 21, 9)]
    sales.append(await buy(town, anna, now - timedelta(days=3), elsewhere=True, total_minor=8_800))
    voucher_id = await voucher_of(town, anna, now - timedelta(hours=3))
    spent: dict[str, Any] = {
        "vouchers": (sale.VoucherUse(voucher_id),),
        "tenders": (sale.Tender("card", 2_400),),
        "receipt": "A-17",
    }
    sales.append(await buy(town, anna, now - timedelta(hours=2), lines=RYE, **spent))
    return sales


def portrait() -> bytes:
    """Return a picture of somebody, roughly."""
    image = Image.new("RGB", (900, 1_200), (216, 196, 160))
    image.paste((11, 95, 91), (200, 700, 700, 1_200))
    image.paste((240, 214, 180), (300, 250, 600, 700))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
