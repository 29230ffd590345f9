"""The first run: from an installation without a network to a first redeemed voucher."""

import re
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import Browser

from ringmain.entry.verify import verify
from ringmain.entry.web.demo.first_run import first_run_token
from ringmain.kit.migrate import Urls
from ringmain.network import api as network
from ringmain.simulate.api import street
from tests.entry.web.journey import DESK, PHONE, Journey, faults, journey
from tests.entry.web.served import KEYRING, Served, serving_street

pytestmark = pytest.mark.browser
_PASSWORD = "a street by the canal"
_ADDRESS = f"/first-run/{first_run_token(KEYRING)}/found"


@pytest.fixture
def fresh(new_database: Callable[[], Urls]) -> Iterator[Served]:
    """Give an installation of its own, in which nobody has founded a network."""
    with serving_street(new_database().application_url) as installation:
        yield installation


async def _found(walk: Journey, language: str) -> None:
    await walk.page.goto(f"{_ADDRESS}?lang={language}")
    await walk.page.fill("#network", "Canal Street")
    await walk.page.fill("#name", "Ms Yan")
    await walk.page.fill("#email", "yan@canal.example")
    await walk.page.fill("#password", _PASSWORD)


async def test_a_network_turns_within_five_minutes(fresh: Served, browser: Browser) -> None:
    """Four steps lead from nothing to a voucher that was won and spent; the books agree; the address is then dead."""
    started = time.perf_counter()
    async with journey(browser, fresh.url, "first run", size=PHONE) as walk:
        await walk.page.goto(_ADDRESS)
        assert await faults(walk.page) == []
        await walk.page.fill("#password", "short")
        await _found(walk, "en")
        await walk.tap("Open the network")
        await walk.see("Two shops make a ring")
        assert await faults(walk.page) == []
        await walk.page.fill("#name_1", "Bakery")
        await walk.page.fill("#name_2", "Bookshop")
        await walk.tap("Open both shops")
        await walk.see("What is a voucher worth?")
        assert await faults(walk.page) == []
        await walk.tap("Publish both offers")
        await walk.tap("Win the first voucher")
        await walk.see("set aside from the money of")
        assert await faults(walk.page) == []
        await walk.tap("Spend it")
        await walk.see("Your ring turns")
        assert await faults(walk.page) == []
    assert time.perf_counter() - started < 300
    async with httpx2.AsyncClient(base_url=fresh.url) as client:
        assert (await client.get(_ADDRESS)).status_code == 404
    (network_id,) = await fresh.acall(_networks(fresh))
    assert [check.name for check in await fresh.acall(verify(fresh.database, network_id)) if not check.ok] == []


async def test_the_way_back_and_a_wrong_password_found_nothing_twice(fresh: Served, browser: Browser) -> None:
    """A weak password is refused with what was typed kept; going back and sending again leads on, to one network."""
    async with journey(browser, fresh.url, "first run", size=DESK) as walk:
        await _found(walk, "en")
        await walk.page.fill("#password", "canal street")
        await walk.page.evaluate("document.querySelector('#password').removeAttribute('minlength')")
        await walk.tap("Open the network")
        await walk.page.locator("[role=alert]").wait_for()
        walk.errors.clear()
        assert await walk.page.input_value("#network") == "Canal Street"
        assert await fresh.acall(_networks(fresh)) == []
        await walk.page.fill("#password", _PASSWORD)
        await walk.tap("Open the network")
        await walk.see("Two shops make a ring")
        assert len(await fresh.acall(_networks(fresh))) == 1


async def test_nobody_without_the_token_is_let_in(fresh: Served) -> None:
    """A guessed address is not found, and founds nothing."""
    async with httpx2.AsyncClient(base_url=fresh.url) as client:
        assert (await client.get("/first-run/AAAAAAAAAAAAAAAAAAAAAA/found")).status_code == 404
        page = await client.get(_ADDRESS)
        press = re.findall(r'name="once" value="([^"]+)"', page.text)[0]
        answer = await client.post("/first-run/AAAAAAAAAAAAAAAAAAAAAA/found", data={"once": press, "network": "x"})
    assert answer.status_code == 404
    assert await fresh.acall(_networks(fresh)) == []


async def _networks(installation: Served) -> list[UUID]:
    async with installation.database.unit(None) as uow:
        return [id_ for id_ in await network.all_networks(uow) if id_ != street.NETWORK_ID]
