"""The demo street: roles that one press gives, and none of it where there is no demo."""

from uuid import UUID

import httpx2
import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.network import api as network
from ringmain.simulate.api import street
from tests.entry.web.journey import Language, Scheme, faults, forms, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "light"), ("desk", "en", "dark")))
async def test_the_demo_page_has_no_fault(
    served: Served, browser: Browser, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """Five roles, eight posters, and the outbox stand on the page, marked as made up."""
    async with journey(browser, served.url, "demo", size=size, language=language, scheme=scheme) as walk:
        await walk.page.goto("/demo")
        assert await walk.page.locator("form[action^='/demo/']").count() == 5
        assert await walk.page.locator(".doors a").count() == 8
        assert await faults(walk.page) == []


async def test_the_till_opens_when_every_cashier_was_sent_away(served: Served) -> None:
    """Whoever tries the owner's pages may end a cashier's work; the next one stands at the till, as a cashier."""
    stall = street.STALLS[0]

    async def cashiers() -> list[UUID]:
        async with served.database.unit(street.NETWORK_ID) as uow:
            return [one.id for one in await network.staff_of_shop(uow, stall.shop_id) if one.role == "cashier"]

    async def change(ids: list[UUID], *, stay: bool) -> None:
        async with served.database.unit(street.NETWORK_ID) as uow:
            for id_ in ids:
                left_at = None if stay else await uow.now()
                await network.change_staff(uow, served.keyring, id_, None, {"left_at": left_at})

    before = await served.acall(cashiers())
    assert before
    await served.acall(change(before, stay=False))
    async with httpx2.AsyncClient(base_url=served.url) as client:
        answer = await client.post("/demo/cashier")
        assert (answer.status_code, answer.headers["location"]) == (303, "/till")
        assert (await client.get("/till")).status_code == 200
    after = await served.acall(cashiers())
    # Other tests of this street know its cashier.
    await served.acall(change(before, stay=True))
    await served.acall(change(after, stay=False))
    assert len(after) == 1
    assert not set(after) & set(before)


async def test_another_site_cannot_give_a_role(served: Served) -> None:
    """A form that another site had a browser send opens no session."""
    async with httpx2.AsyncClient(base_url=served.url) as client:
        answer = await client.post("/demo/operator", data={"x": "1"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
