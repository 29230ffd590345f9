"""Money without decimals and with three of them: on the phone, in a question about a purchase, and at the till."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser

from ringmain.kit.migrate import Urls
from ringmain.kit.pages import open_session
from ringmain.network import api as network
from ringmain.network.terminals import make_terminal
from tests.entry.web.journey import journey
from tests.entry.web.person_site import PersonSite, person_site
from tests.entry.web.tills import ready

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("currency", "worth", "purchase", "keys", "typed", "tenders"),
    [
        ("JPY", "¥200", "1000", "1200", "¥1,200", "¥1,200"),
        ("KWD", "KWD0.200", "1.086", "1.086", "KWD 1.086", "KWD 1.086"),
    ],
)
async def test_amounts_have_the_decimals_of_their_currency(
    database_urls: Urls,
    browser: Browser,
    currency: str,
    worth: str,
    purchase: str,
    keys: str,
    typed: str,
    tenders: str,
) -> None:
    """Prize, wallet, voucher, what it would take off, and the till's amount: yen whole, dinars with three decimals."""
    async with person_site(database_urls.application_url, currency) as site:
        minimum = int(purchase.replace(".", ""))
        offer_id = (await site.street.publish(0, face_minor=200, minimum_minor=minimum)).id
        await site.street.pause(*site.street.offers)
        async with site.phone() as phone:
            await phone.open(f"/s/{await site.street.poster(2)}")
            assert f">{worth}<" in phone.page
            await phone.send(phone.at, offer=str(offer_id))
            await phone.join()
            voucher = phone.at.split("?")[0]
            await phone.open("/wallet")
            assert f">{worth}<" in phone.page
            await phone.open(voucher)
            assert f">{worth}<" in phone.page
            shop = site.street.shops[0]
            await phone.open(f"{voucher}/why?shop={shop}&amount={purchase}")
            assert f"takes {worth} off" in phone.page
            less = f"{purchase[:-1]}{int(purchase[-1]) - 1}" if currency == "KWD" else "999"
            await phone.open(f"{voucher}/why?shop={shop}&amount={less}")
            assert "takes" not in phone.page
        async with journey(browser, site.url, currency) as walk:
            page = walk.page
            cookie = {"name": "rm_till", "value": await _till(site), "url": site.url}
            await page.context.add_cookies([cookie])  # type: ignore[list-item]
            await page.goto("/till")
            await ready(page)
            # Slower than a scanner types.
            await page.keyboard.type(keys, delay=80)
            assert await page.locator("#amount").input_value() == typed.replace(" ", "\u00a0")
            assert (await page.locator("[data-tender=cash] b").inner_text()).replace("\u00a0", " ") == tenders


async def _till(site: PersonSite) -> str:
    """Return the cookie of a till of the bakery with somebody at it."""
    street = site.street
    async with street.database.unit(street.network_id) as uow:
        terminal = (await make_terminal(uow, street.keyring, street.shops[0], "Counter")).terminal
        staff = await network.add_staff(
            uow, street.keyring, street.merchants[0], street.shops[0], "Mei", "cashier", "4826"
        )
        facts = {
            "merchant_id": str(street.merchants[0]),
            "shop_id": str(street.shops[0]),
            "staff_id": str(staff.id),
            "staff_name": staff.name,
            "staff_role": staff.role,
        }
        return (await open_session(uow, "till", terminal.id, timedelta(days=1), facts))[1]
