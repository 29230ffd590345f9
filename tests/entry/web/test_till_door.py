"""Who comes to a till: pairing codes, PINs with their lock, cashiers and managers, and what a revoked terminal sees."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from httpx2 import AsyncClient, Response

from ringmain.network.terminals import revoke_terminal
from ringmain.simulate.api import street
from tests.entry.web.served import Served
from tests.entry.web.tills import NOODLES, Counter


@asynccontextmanager
async def _device(served: Served) -> AsyncIterator[AsyncClient]:
    """Give a browser without scripts, as a client that keeps cookies."""
    async with AsyncClient(base_url=served.url, timeout=60, headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


async def _send(client: AsyncClient, path: str, form: str = "", **fields: str) -> Response:
    """Open a page, fill in its form and send it; `form` is where it is shown, if not at its own address."""
    page = await client.get(form or path)
    pattern = rf'action="{path}".*?name="once" value="([^"]+)"'
    press = re.search(pattern, page.text, re.DOTALL)
    assert press is not None, page.text
    return await client.post(path, data={"once": press[1], **fields})


async def _staff(served: Served, role: str) -> str:
    counter = Counter(served)
    query = "SELECT id FROM staff WHERE merchant_id = %s AND role = %s"
    return str(await counter.run(counter.value(query, NOODLES.merchant_id, role)))


async def test_wrong_used_and_unknown_codes_get_the_same_answer(served: Served) -> None:
    """A code pairs one device; the same press again is the same pairing, and nothing else tells codes apart."""
    counter = Counter(served)
    _, code = await counter.run(counter.terminal())
    async with _device(served) as client, _device(served) as other:
        page = await client.get("/till/pair")
        press = re.search(r'name="once" value="([^"]+)"', page.text)
        assert press is not None
        for _ in range(2):
            # A double tap, or a lost answer: the browser sends the same form again.
            client.cookies.clear()
            paired = await client.post("/till/pair", data={"once": press[1], "code": code.lower()})
            assert (paired.status_code, paired.headers["location"]) == (303, "/till/unlock")
        used = await _send(other, "/till/pair", code=code)
        unknown = await _send(other, "/till/pair", code="222222")
        malformed = await _send(other, "/till/pair", code="?")
    answers = {(one.status_code, re.sub(r'value="[^"]*"', "", one.text)) for one in (used, unknown, malformed)}
    assert len(answers) == 1
    assert used.status_code == 403


async def test_the_picture_of_a_code_fills_it_in_and_pairs_nothing(served: Served) -> None:
    """What the console's picture leads to shows the code in its field; a wrong code's page says what to do next."""
    counter = Counter(served)
    terminal_id, code = await counter.run(counter.terminal())
    paired = "SELECT paired_at IS NOT NULL FROM terminal WHERE id = %s"
    async with _device(served) as client:
        page = await client.get(f"/till/pair?code={code.lower()}")
        assert f'value="{code}"' in page.text
        assert "Is this the device that becomes the till?" in page.text
        assert not await counter.run(counter.value(paired, terminal_id))
        planted = (await client.get("/till/pair?code=%22%3E%3Cscript%3E")).text
        assert 'value="&#34;&gt;&lt;SCRIPT&gt;"' in planted
        wrong = await _send(client, "/till/pair", code="222222")
        assert "Make a new pairing code in the console" in wrong.text
        right = await _send(client, "/till/pair", code=code)
        assert right.headers["location"] == "/till/unlock"


async def test_a_pin_locks_after_five_tries_and_a_manager_unpairs(served: Served) -> None:
    """The page counts down and says until when; a cashier cannot unpair, a manager can, and the device knows why."""
    counter = Counter(served)
    _, code = await counter.run(counter.terminal())
    cashier, owner = await _staff(served, "cashier"), await _staff(served, "owner")
    async with _device(served) as client:
        await _send(client, "/till/pair", code=code)
        assert (await client.get("/till")).headers["location"] == "/till/unlock?next=/till"
        closed = await client.post("/till/sale", json={"key": "k" * 8, "sale": {}})
        assert (closed.status_code, closed.json()["go"]) == (401, "/till/unlock")
        left = [await _send(client, "/till/unlock", staff_id=cashier, pin="1357") for _ in range(4)]
        assert ["4 tries are left" in left[0].text, "1 try is left" in left[3].text] == [True, True]
        locked = await _send(client, "/till/unlock", staff_id=cashier, pin="1357")
        assert "This PIN works again at" in locked.text
        right = await _send(client, "/till/unlock", staff_id=cashier, pin=street.PIN)
        assert "This PIN works again at" in right.text
        await counter.run(_forget_lock(served, UUID(cashier)))

        opened = await _send(client, "/till/unlock", staff_id=cashier, pin=street.PIN)
        assert opened.headers["location"] == "/till"
        assert "A manager can unpair this device." in (await client.get("/till/settings")).text
        lock = await _send(client, "/till/lock", "/till/settings")
        assert lock.headers["location"] == "/till/unlock"
        await _send(client, "/till/unlock", staff_id=owner, pin=street.PIN)
        unpaired = await _send(client, "/till/unpair", "/till/settings")
        assert unpaired.headers["location"] == "/till/pair"


async def test_a_revoked_terminal_is_no_till_any_more(served: Served) -> None:
    """The page of a revoked terminal ends at once, and says that a new code is needed."""
    counter = Counter(served)
    terminal_id, code = await counter.run(counter.terminal())
    async with _device(served) as client:
        await _send(client, "/till/pair", code=code)
        await counter.run(_revoke(served, terminal_id))
        led = await client.get("/till", follow_redirects=True)
        assert (led.status_code, led.url.path) == (200, "/till/pair")
        assert "its terminal was taken out of use" in led.text


async def _forget_lock(served: Served, staff_id: UUID) -> None:
    async with served.database.unit(street.NETWORK_ID) as uow:
        await uow.execute("UPDATE staff_pin SET locked_until = NULL, wrong_tries = 0 WHERE staff_id = %s", (staff_id,))


async def _revoke(served: Served, terminal_id: UUID) -> None:
    async with served.database.unit(street.NETWORK_ID) as uow:
        await revoke_terminal(uow, terminal_id)
