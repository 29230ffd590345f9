"""Journeys through the pages of messages: the outbox, the link that stops them, and a person's own page."""

import uuid
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize
from pydantic import SecretStr

from ringmain.entry.web import pages
from ringmain.entry.web.audiences import PHONE_LIFE
from ringmain.entry.web.me.texts import TEXT_VERSION
from ringmain.entry.web.messages import callbacks
from ringmain.kit.pages.sessions import open_session
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.settings import Settings
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.message.reports import report_link
from ringmain.message.store.messages import Delivery, add_deliveries
from ringmain.simulate.api import street
from tests.entry.web.journey import Language, Scheme, faults, forms, journey
from tests.entry.web.served import Served
from tests.message.wechat import CALLS, finished, signed
from tests.network.town import Answer, Client

pytestmark = pytest.mark.browser
_WORDS = {"value": "¥8", "shop": "Tea Room 茶室", "ends": "Sunday", "link": "https://ring.example/v/1"}


async def _ask_for_code(served: Served, phone: str) -> str:
    """Ask for a code as a page does, and return it."""
    sender = message.code_sender(Settings(), served.keyring, "en", kept=True)
    identifier = member.identifier(member.IdentifierKind.PHONE, phone)
    async with served.database.unit(street.NETWORK_ID) as uow:
        sent = await member.send_code(uow, served.keyring, sender, identifier)
    async with served.database.unit(street.NETWORK_ID) as uow:
        code = await member.development_code(uow, sent.challenge_id)
    assert code is not None
    return code


async def _person(served: Served) -> member.Known:
    """Make a person with a proven phone of their own who agreed to reminders."""
    phone = f"+8613{uuid.uuid4().int % 10**9:09}"
    async with served.database.unit(street.NETWORK_ID) as uow:
        item = member.Enrolment(member.identifier(member.IdentifierKind.PHONE, phone), verified=True)
        known = (await member.enrol(uow, served.keyring, [item]))[0].known
        said = member.Answer(member.Purpose.MARKETING, True, "2026-01", "en")
        await member.record_consents(uow, known.member_id, [said], member.Place("till", known.member_id))
    return known


async def _tell(served: Served, known: member.Known, *templates: message.Template) -> None:
    """Send messages to a person, at whatever hour this runs, and hand them to the sink."""
    minute = (datetime.now(tz=street.ZONE) + timedelta(hours=6)).hour * 60
    async with served.database.unit(street.NETWORK_ID) as uow:
        await message.set_rules(uow, message.Rules(1, 3, minute, (minute + 60) % 1440))
        items = [message.NewMessage(known.subject_id, template, _WORDS, uuid.uuid4()) for template in templates]
        await message.send(uow, served.keyring, items)
    doors = message.Doors(served.keyring, {}, served.url, frozenset({street.NETWORK_ID}))
    await message.deliver_due(served.database, doors, street.NETWORK_ID)


async def _agrees(served: Served, known: member.Known) -> bool:
    async with served.database.unit(street.NETWORK_ID) as uow:
        return await message.gets_marketing(uow, known.subject_id)


async def _sign_in(served: Served, context: BrowserContext, known: member.Known) -> None:
    async def opened() -> str:
        async with served.database.unit(street.NETWORK_ID) as uow:
            return (await open_session(uow, "phone", known.member_id, PHONE_LIFE))[1]

    cookie = await served.acall(opened())
    await context.add_cookies([{"name": "rm_phone", "value": cookie, "url": served.url}])


async def test_a_code_shows_in_the_outbox_by_itself_and_is_copied(served: Served, browser: Browser) -> None:
    """While nothing is new nothing on the page moves; a new code stands on top within seconds, ready to be copied."""
    async with journey(browser, served.url, "outbox", permissions=["clipboard-read", "clipboard-write"]) as walk:
        first = await served.acall(_ask_for_code(served, f"+8613{uuid.uuid4().int % 10**9:09}"))
        await walk.page.goto("/demo/outbox")
        await walk.see(f"{first} is your")
        await walk.page.evaluate("document.querySelector('#bubbles').dataset.mark = 'same'")
        async with walk.page.expect_response(lambda one: "/demo/outbox/list" in one.url and one.status == 204):
            pass
        assert await walk.page.locator("#bubbles").get_attribute("data-mark") == "same"
        second = await served.acall(_ask_for_code(served, "+14155552671"))
        await walk.see(f"{second} is your")
        top = walk.page.locator(".bubble").first
        assert await top.locator(".code").inner_text() == second
        assert "+*******2671" in await top.inner_text()
        await top.get_by_role("button", name="Copy code").click()
        await walk.see("Copied")
        assert await walk.page.evaluate("navigator.clipboard.readText()") == second


async def test_a_reminder_is_stopped_from_its_link_with_one_tap(served: Served, browser: Browser) -> None:
    """From the bubble to the page by the link in it; reading changes nothing, one tap does, and stays done."""
    known = await served.acall(_person(served))
    await served.acall(_tell(served, known, message.Template.VOUCHER_ENDS))
    async with journey(browser, served.url, "unsubscribe") as walk:
        await walk.page.goto("/demo/outbox")
        await walk.page.locator(".bubble").first.get_by_role("link", name="/u/").click()
        await walk.see("Stop reminders and offers?")
        assert await served.acall(_agrees(served, known))
        await walk.start_counting()
        await walk.tap("Stop them")
        await walk.see("sends you no reminders")
        assert await walk.taps() == 1
        assert not await served.acall(_agrees(served, known))
        await walk.page.reload()
        await walk.see("sends you no reminders")


async def test_a_mail_program_stops_messages_without_a_page(served: Served) -> None:
    """RFC 8058: one POST without cookie, press or origin is enough, is not led elsewhere, and may come again."""
    known = await served.acall(_person(served))
    link = message.stop_link(served.keyring, served.url, street.NETWORK_ID, known.subject_id)
    async with httpx2.AsyncClient() as client:
        assert (await client.get(link)).status_code == HTTPStatus.OK
        assert await served.acall(_agrees(served, known))
        for _ in range(2):
            answer = await client.post(link, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == HTTPStatus.OK
            assert not await served.acall(_agrees(served, known))
        # Not the last character: some of its bits stand for nothing.
        forged = link[:-2] + ("A" if link[-2] != "A" else "B") + link[-1]
        wrong = await client.post(forged, data={"List-Unsubscribe": "One-Click"})
        assert wrong.status_code == HTTPStatus.NOT_FOUND


async def test_a_person_decides_what_they_are_sent(served: Served, browser: Browser) -> None:
    """Pause, end of pause, off, on, no messages at all, and text messages again: each is one tap and is kept."""
    known = await served.acall(_person(served))
    async with journey(browser, served.url, "preferences") as walk:
        await _sign_in(served, walk.page.context, known)
        await walk.page.goto("/me/messages")
        for button, seen in [
            ("Pause for a month", "Paused until"),
            ("End the pause", "Pause for a month"),
            ("Switch off", "Agree and switch on"),
            ("Agree and switch on", "You agreed to this: The network may remind you"),
            ("Send me nothing at all", "Not at all:"),
            ("Reach me again", "Not by this"),
        ]:
            await walk.tap(button)
            await walk.see(seen)
    assert await served.acall(_agrees(served, known))
    answers = await served.acall(_history(served, known))
    assert [(one.granted, one.place, one.text_version) for one in answers[1:]] == [
        (False, "page", TEXT_VERSION),
        (True, "page", TEXT_VERSION),
    ]


async def test_a_person_says_how_when_and_of_what_they_are_told(served: Served, browser: Browser) -> None:
    """An e-mail address is confirmed by the link in the mail and tried first; kinds, hours and a number are kept."""
    known = await served.acall(_person(served))
    async with journey(browser, served.url, "wishes", timezone_id="America/New_York") as walk:
        page = walk.page
        await _sign_in(served, page.context, known)
        await page.goto("/me/messages")
        await page.get_by_label("Your e-mail address").fill("anna@example.org")
        await walk.tap("Add it")
        await walk.see("We have written to a***@example.org")
        doors = message.Doors(served.keyring, {}, served.url, frozenset({street.NETWORK_ID}))
        await served.acall(message.deliver_due(served.database, doors, street.NETWORK_ID))
        await page.goto("/demo/outbox")
        await page.locator(".bubble.email").first.get_by_role("link", name="/m/").click()
        await walk.tap("Yes, write to me here")
        await walk.see("Your address is confirmed")
        await page.get_by_role("link", name="Open my page").click()
        await walk.tap("Try first")
        assert "E-mail" in await page.locator(".ways li").first.inner_text()
        await page.get_by_label("Vouchers that you won").uncheck()
        await page.get_by_role("button", name="Keep this").first.click()
        assert not await page.get_by_label("Vouchers that you won").is_checked()
        await page.get_by_label("Quiet from").fill("22:30")
        await page.get_by_label("until", exact=True).fill("07:00")
        await page.get_by_label("Time of day in").select_option("America/New_York")
        await page.get_by_label("Reminders and offers in seven days").select_option("1")
        await page.get_by_role("button", name="Keep this").last.click()
        assert await page.get_by_label("Quiet from").input_value() == "22:30"
    assert await served.acall(_chosen(served, known)) == message.Preferences(
        order=(message.Channel.EMAIL, *(one for one in message.DEFAULT_ORDER if one is not message.Channel.EMAIL)),
        quiet=message.Quiet(22 * 60 + 30, 7 * 60),
        time_zone="America/New_York",
        per_week=1,
        stopped=frozenset({message.Kind.WINNINGS}),
    )


async def _chosen(served: Served, known: member.Known) -> message.Preferences:
    async with served.database.unit(street.NETWORK_ID) as uow:
        return await message.preferences(uow, known.member_id)


async def _history(served: Served, known: member.Known) -> list[member.ConsentRecord]:
    async with served.database.unit(street.NETWORK_ID) as uow:
        return (await member.consents(uow, known.member_id))[1]


async def test_a_choice_sent_twice_counts_once(served: Served, browser: Browser) -> None:
    """The same press again, as by a lost answer, leads to the same page and adds no second record."""
    known = await served.acall(_person(served))
    async with journey(browser, served.url, "twice") as walk:
        await _sign_in(served, walk.page.context, known)
        await walk.page.goto("/me/messages")
        press = await walk.page.locator("form:has(button[value=withdraw]) input[name=once]").get_attribute("value")
        assert press is not None
        for _ in range(2):
            answer = await walk.page.request.post("/me/messages", form={"once": press, "choice": "withdraw"})
            assert answer.status == HTTPStatus.OK
        refused = await walk.page.request.post("/me/messages", form={"once": "x", "choice": "agree"})
        assert refused.status == HTTPStatus.FORBIDDEN
    assert len(await served.acall(_history(served, known))) == 2


@pytest.mark.parametrize(
    ("settings", "demo", "status"),
    [
        (Settings(), None, HTTPStatus.NOT_FOUND),
        (Settings(), street.NETWORK_ID, HTTPStatus.OK),
        (Settings(development=True), None, HTTPStatus.OK),
    ],
)
async def test_the_outbox_is_there_for_trying_out_only(
    served: Served, settings: Settings, demo: uuid.UUID | None, status: HTTPStatus
) -> None:
    """Where real people's messages would show, there is no such page, nor its list."""
    site = pages(settings, served.database, served.keyring, replayed_network=None, demo_network=demo)
    for path in ("/demo/outbox", "/demo/outbox/list?seen=x"):
        assert (await served.acall(Client(site).get(path))).status == status


async def test_the_provider_of_text_messages_tells_what_became_of_one_and_who_said_stop(served: Served) -> None:
    """Signed by the provider alone: what is not, or is signed for another call, changes nothing."""
    known = await served.acall(_person(served))
    await served.acall(_tell(served, known, message.Template.VOUCHER_WON))
    settings = Settings(
        sms_account="AC1", sms_secret=SecretStr("token"), sms_sender="+15005550006", public_url="https://ring.example"
    )
    site = Client(pages(settings, served.database, served.keyring, replayed_network=None, demo_network=None))
    sent = await served.acall(_last(served, known))
    path = report_link(served.keyring, "", street.NETWORK_ID, sent.message.id)
    phone = await served.acall(_phone(served, known))
    stop = {"From": phone, "To": "+15005550006", "Body": "退订", "MessageSid": "SM2"}
    arrived = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    for at, form in ((path, arrived), ("/callbacks/sms", stop)):
        assert (await served.acall(_signed(site, at, form, token="other"))).status == HTTPStatus.UNAUTHORIZED
    assert (await served.acall(_last(served, known))).message.state == "sent"
    assert await served.acall(_agrees(served, known))
    for _ in range(2):
        assert (await served.acall(_signed(site, path, arrived))).status == HTTPStatus.NO_CONTENT
        answer = await served.acall(_signed(site, "/callbacks/sms", stop | {"Body": "thank you"}))
        assert answer.body.endswith(b"<Response/>")
    assert (await served.acall(_last(served, known))).message.state == "delivered"
    assert await served.acall(_agrees(served, known))
    await served.acall(_signed(site, "/callbacks/sms", stop))
    assert not await served.acall(_agrees(served, known))


async def test_wechat_tells_what_became_of_a_template_message(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks for an echo first; then one signature is good for one report, and an unknown number changes nothing."""
    monkeypatch.setattr(callbacks, "PAUSES", (0.0,))
    known = await served.acall(_person(served))
    await served.acall(_tell(served, known, message.Template.VOUCHER_WON))
    settings = Settings(wechat_token=SecretStr(CALLS))
    site = Client(pages(settings, served.database, served.keyring, replayed_network=None, demo_network=None))
    reference = str(uuid.uuid4().int % 10**18)
    await served.acall(_as_wechat(served, (await served.acall(_last(served, known))).message.id, reference))
    at, nonce = int(datetime.now(tz=UTC).timestamp()), uuid.uuid4().hex
    query = signed(at, nonce)
    echo = await served.acall(site.get(f"/callbacks/wechat?{query}&echostr=4711"))
    assert (echo.status, echo.body) == (HTTPStatus.OK, b"4711")
    arrived, nobodys = finished(reference, at=at), finished("1" + reference, at=at)
    bad = signed(at, nonce, token="other")
    cases = [
        (bad, arrived, HTTPStatus.UNAUTHORIZED, "sent"),
        (signed(at - 400), arrived, HTTPStatus.UNAUTHORIZED, "sent"),
        (query, nobodys, HTTPStatus.OK, "sent"),
        (query, arrived, HTTPStatus.UNAUTHORIZED, "sent"),
        (signed(at, nonce + "2"), arrived, HTTPStatus.OK, "delivered"),
        (signed(at, nonce + "2"), arrived, HTTPStatus.OK, "delivered"),
    ]
    for given, content, status, state in cases:
        answer = await served.acall(
            site.call("POST", f"/callbacks/wechat?{given}", raw=content, headers={"content-type": "text/xml"})
        )
        assert (answer.status, (await served.acall(_last(served, known))).message.state) == (status, state)
    assert (await served.acall(site.get(f"/callbacks/wechat?{bad}&echostr=1"))).status == HTTPStatus.UNAUTHORIZED
    none = Client(pages(Settings(), served.database, served.keyring, replayed_network=None, demo_network=None))
    assert (await served.acall(none.get(f"/callbacks/wechat?{query}"))).status == HTTPStatus.NOT_FOUND


async def _as_wechat(served: Served, message_id: uuid.UUID, reference: str) -> None:
    """Let a message have gone out by WeChat, which calls it so."""
    async with served.database.unit(street.NETWORK_ID) as uow:
        sent = Delivery(uuid7(await uow.now()), message_id, "sent", None, await uow.now(), reference, channel="wechat")
        await add_deliveries(uow, [sent])


async def _signed(site: Client, path: str, form: dict[str, str], token: str = "token") -> Answer:
    fields = {name: [value] for name, value in form.items()}
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": message.signature_of_sms(token, f"https://ring.example{path}", fields),
    }
    return await site.call("POST", path, raw=urlencode(form).encode(), headers=headers)


async def _last(served: Served, known: member.Known) -> message.Received:
    async with served.database.unit(street.NETWORK_ID) as uow:
        return (await message.received(uow, served.keyring, known.member_id, 1))[0]


async def _phone(served: Served, known: member.Known) -> str:
    async with served.database.unit(street.NETWORK_ID) as uow:
        phone = (await member.contacts(uow, served.keyring, [known.subject_id]))[known.subject_id].phone
    assert phone is not None
    return phone


async def test_who_is_not_signed_in_is_led_to_where_they_are(served: Served) -> None:
    """The page about one person shows nothing to anybody else."""
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"{served.url}/me/messages")
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome-back?next=/me/messages")


@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "dark")))
async def test_the_pages_have_no_fault(
    served: Served, browser: Browser, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """Outbox, own page and unsubscribing, with messages sent and refused, in both languages, themes and sizes."""
    known = await served.acall(_person(served))
    ends = message.Template.VOUCHER_ENDS
    await served.acall(_tell(served, known, message.Template.VOUCHER_WON, ends, ends))
    await served.acall(_ask_for_code(served, f"+8613{uuid.uuid4().int % 10**9:09}"))
    link = message.stop_link(served.keyring, "", street.NETWORK_ID, known.subject_id)
    async with journey(browser, served.url, "messages", size=size, language=language, scheme=scheme) as walk:
        await _sign_in(served, walk.page.context, known)
        for path in ("/demo/outbox", "/me/messages", link):
            await walk.page.goto(path)
            assert await faults(walk.page) == []
        await walk.page.goto("/me/messages")
        why = {"en": "You had your reminders for that day.", "zh": "那天的提醒次数已用完。"}[language]
        await walk.see(why)
