"""Tills of Lantern Street for the tests of its pages: paired and unlocked, and guests with vouchers for it."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, Page

from ringmain.kit.pages import open_session
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.network.terminals import code_text, make_terminal
from ringmain.simulate.api import street
from ringmain.voucher import api as voucher
from tests.entry.web.journey import Journey, journey
from tests.entry.web.served import Served

NOODLES = street.STALLS[0]
_phones = itertools.count(datetime.now(tz=UTC).microsecond * 10 % 9_000_000)


@dataclass(frozen=True, slots=True)
class Guest:
    """A member who holds a voucher of 8.00 for the noodle house, from 30.00 on."""

    phone: str
    known: member.Known
    voucher_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Counter:
    """The noodle house's side of the server: guests, codes, and what the database says."""

    served: Served

    async def terminal(self) -> tuple[UUID, str]:
        """Make a terminal; returns it with the six letters that pair it."""
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            made = await make_terminal(uow, self.served.keyring, NOODLES.shop_id, "Counter")
        code = code_text(self.served.keyring, made.seed, made.master_version)
        assert code is not None
        return made.terminal.id, code

    async def unlocked(self) -> str:
        """Return the cookie of a till with its cashier at it, without the pages that lead there."""
        terminal_id, _ = await self.terminal()
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            staff = await network.staff_of_shop(uow, NOODLES.shop_id)
            cashier = next(one for one in staff if one.role == "cashier")
            facts = {
                "merchant_id": str(NOODLES.merchant_id),
                "shop_id": str(NOODLES.shop_id),
                "staff_id": str(cashier.id),
                "staff_name": cashier.name,
                "staff_role": cashier.role,
            }
            return (await open_session(uow, "till", terminal_id, timedelta(days=1), facts))[1]

    async def guest(self, **consent: bool) -> Guest:
        """Make a member with a phone of their own and a voucher."""
        phone = new_phone()
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            one = member.Enrolment(member.identifier(member.IdentifierKind.PHONE, phone, "CN"), name="Tian Tian")
            known = (await member.enrol(uow, self.served.keyring, [one]))[0].known
            if consent.get("share"):
                answer = member.Answer(member.Purpose.SHARE_WITH_MERCHANT, True, "1", "en", NOODLES.merchant_id)
                await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))
            voucher_id = await self._grant(uow, known.subject_id)
        return Guest(phone, known, voucher_id, await self.voucher_code(voucher_id))

    async def loose_code(self) -> str:
        """Issue a voucher that whoever carries its code may use; returns the code."""
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            voucher_id = await self._grant(uow, None)
        return await self.voucher_code(voucher_id)

    async def _grant(self, uow: Any, subject_id: UUID | None) -> UUID:
        grant = voucher.Grant(offer_id=NOODLES.offer_id, at=await uow.now(), subject_id=subject_id)
        granted = (await voucher.grant(uow, [grant]))[0]
        assert isinstance(granted, voucher.Granted)
        return granted.voucher_id

    async def voucher_code(self, voucher_id: UUID) -> str:
        """Return what a scanner reads from a voucher."""
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            story = await voucher.show(uow, voucher_id)
        return voucher.Code(voucher_id, story.voucher.secret).text()

    async def typed_code(self, code: str) -> str:
        """Return twelve digits that stand for a voucher at the noodle house."""
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            parsed = voucher.parse_code(code)
            return (await voucher.make_typed_code(uow, self.served.keyring, parsed, NOODLES.shop_id)).digits

    async def member_code(self, guest: Guest) -> str:
        """Return the code that a guest's phone shows now."""
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            return (await member.show_code(uow, self.served.keyring, guest.known.member_id)).code

    async def value(self, query: str, *params: Any) -> Any:
        """Return the first column of the first row of a query in the street's network."""
        async with self.served.database.unit(street.NETWORK_ID) as uow:
            row = await (await uow.connection.execute(query, params)).fetchone()
        return row[0] if row else None

    async def run(self, work: Any) -> Any:
        """Run one of the above in the server's loop."""
        return await self.served.acall(work)


def forgive_refusals(walk: Journey) -> None:
    """Forget what the browser notes of answers that refuse: here they were meant to."""
    walk.errors[:] = [one for one in walk.errors if "server responded with a status of 4" not in one]


def new_phone() -> str:
    """Return a phone that nobody has, as people of the street write it."""
    return f"1391{next(_phones) % 10_000_000:07}"


@asynccontextmanager
async def till(
    browser: Browser, served: Served, name: str, *, by_hand: bool = False, **options: Any
) -> AsyncIterator[tuple[Journey, Counter]]:
    """Open a window that is a till with its cashier at it; `by_hand` pairs and unlocks it as people do.

    Pairing has a limit per minute, which tests that are about something else would use up.
    """
    counter = Counter(served)
    async with journey(browser, served.url, name, **options) as walk:
        if not by_hand:
            cookie = await counter.run(counter.unlocked())
            await walk.page.context.add_cookies([{"name": "rm_till", "value": cookie, "url": served.url}])
            await walk.page.goto("/till")
            await ready(walk.page)
            yield walk, counter
            return
        _, code = await counter.run(counter.terminal())
        await walk.page.goto("/till")
        await walk.page.locator("#code").fill(code.lower())
        await walk.page.locator("main .button").click()
        await unlock(walk.page)
        yield walk, counter


async def unlock(page: Page, who: str = "Xiao Ling", pin: str = street.PIN) -> None:
    """Choose oneself and type the PIN, once the page's modules have run and it listens."""
    await page.get_by_role("radio", name=who).wait_for(state="attached")
    await page.wait_for_load_state("load")
    await page.get_by_role("radio", name=who).click()
    await page.keyboard.type(pin, delay=110)
    if await page.locator("#unlock").is_visible() and await page.locator("form[aria-busy]").count() == 0:
        await page.locator("#unlock .go").click()
    await ready(page)


async def ready(page: Page) -> None:
    """Wait until the till is ready for a customer."""
    await page.locator("html[data-ready=yes]").wait_for()


async def scan(page: Page, text: str, suffix: str = "Enter") -> None:
    """Type as a scanner does that leaves no time between its letters, which no busy machine can make slow."""
    await page.evaluate(_SCAN, [*text, suffix])


# Dispatched where the focus is. A browser's own actions, such as Enter that presses a button, do not follow from such
# events: `wedge` sends real keys, for the test that is about those.
_SCAN = """
    (keys) => {
        for (const key of keys) {
            const target = document.activeElement ?? document.body;
            const options = {key, bubbles: true, cancelable: true, composed: true};
            target.dispatchEvent(new KeyboardEvent("keydown", options));
            target.dispatchEvent(new KeyboardEvent("keyup", options));
        }
    }
"""


async def wedge(page: Page, *scans: tuple[str, str], pause: float, between: float = 40, ime: bool = False) -> None:
    """Send real keys through the browser's input queue, as a scanner that is a keyboard does: texts with suffixes.

    Each key carries its time, `pause` milliseconds after the one before, so that a busy machine changes nothing.
    """
    client = await page.context.new_cdp_session(page)
    at = float(await page.evaluate("Date.now()"))
    sent = []
    for text, suffix in scans:
        for letter in [*text, suffix]:
            for kind in ("keyDown", "keyUp"):
                key = {"type": kind, "timestamp": at / 1_000, **_key(letter, ime=ime and kind == "keyDown")}
                sent.append(client.send("Input.dispatchKeyEvent", key))
            at += pause
        at += between
    await asyncio.gather(*sent)
    await client.detach()


def _key(letter: str, *, ime: bool) -> dict[str, Any]:
    if letter in ("Enter", "Tab"):
        number = {"Enter": 13, "Tab": 9}[letter]
        text = {"text": "\r"} if letter == "Enter" else {}
        return {"key": letter, "code": letter, "windowsVirtualKeyCode": number, **text}
    code = f"Digit{letter}" if letter.isdigit() else f"Key{letter.upper()}"
    shift = {"modifiers": 8} if letter.isupper() else {}
    if ime:
        return {"key": "Process", "code": code, "windowsVirtualKeyCode": 229, **shift}
    return {"key": letter, "code": code, "text": letter, "windowsVirtualKeyCode": ord(letter.upper()), **shift}
