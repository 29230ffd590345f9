"""The person about themselves: what they see, correct, take along and erase, on phone and desk, in both languages."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import numpy as np
import pytest
from httpx2 import AsyncClient, Response
from playwright.async_api import Browser, FilePayload, Page, ViewportSize

from ringmain.entry.web.me.texts import QUESTION_TEXTS
from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import NewModel
from ringmain.kit.migrate import Urls
from ringmain.match import api as match
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.need import api as need
from ringmain.need.store import Wanted, replace
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.me_site import Me, anna_at_home, portrait
from tests.member.people import OTHER_PHONE
from tests.profile.visits import buy


@pytest.fixture
async def me(database_urls: Urls) -> AsyncIterator[Me]:
    """Give Anna on her phone, in a town of her own."""
    async with anna_at_home(database_urls.application_url) as me:
        yield me


# ------------------------------------------------------------------------------------------------------- in a browser

WORDS = {
    "en": {
        "title": "What the network knows of you",
        "usual": "In cash",
        "why": "Why",
        "hide": "Do not use this",
        "answer": "No pork",
        "next": "How hot do you like it?",
        "not_me": "This was not me",
        "was_me": "It was me after all",
        "receipt": "Receipt",
        "saved": "You saved ¥8.00.",
        "agree": "I agree",
        "off": "Switch suggestions off",
        "is_off": "Suggestions made for you are switched off.",
        "copy": "Make my copy",
        "download": "Download it",
        "ask": "Ask for something",
        "words": "In your words",
        "send": "Send",
        "left": "days left",
        "erase": "Erase me now",
        "sure": "I have read it. There is no way back.",
        "gone": "You are erased",
    },
    "zh": {
        "title": "网络对您的了解",
        "usual": "现金",
        "why": "依据",
        "hide": "不要使用这一项",
        "answer": "不吃猪肉",
        "next": "您喜欢多辣？",
        "not_me": "这不是我",
        "was_me": "其实是我",
        "receipt": "小票",
        "saved": "您省了 ¥8.00。",
        "agree": "我同意",
        "off": "关闭个性化推荐",
        "is_off": "个性化推荐已关闭。",
        "copy": "生成我的副本",
        "download": "下载",
        "ask": "提出要求",
        "words": "请用您的话说明",
        "send": "发送",
        "left": "还剩",
        "erase": "立即清除",
        "sure": "我已阅读，知道此操作无法撤销。",
        "gone": "您的数据已清除",
    },
}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("size", "language"), [(PHONE, "en"), pytest.param(DESK, "zh", marks=pytest.mark.long)], ids=["phone-en", "desk-zh"]
)
async def test_a_person_reads_corrects_takes_along_and_erases(
    me: Me, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """One way through all pages: each does what it says, and has no fault of axe, size or width."""
    words = WORDS[language]
    scheme: Literal["light", "dark"] = "light" if language == "en" else "dark"
    async with journey(browser, me.url, "me", size=size, language=language, scheme=scheme) as walk:
        await walk.page.context.add_cookies(me.cookies())
        page = walk.page
        await _image(page, words, me)
        assert await faults(page) == []
        await _visits(page, words, me)
        await _privacy(page, words)
        assert await faults(page) == []
        await page.goto("/me/privacy/erase")
        await page.get_by_label(words["sure"]).check()
        await page.get_by_role("button", name=words["erase"]).click()
        await page.get_by_role("heading", name=words["gone"]).wait_for()
        assert [one["name"] for one in await page.context.cookies() if one["name"] == "rm_phone"] == []
    assert await me.town.count("member_key") == 0


async def _image(page: Page, words: dict[str, str], me: Me) -> None:
    await page.goto("/me")
    await page.get_by_role("heading", name=words["title"]).wait_for()
    await page.get_by_text(words["usual"]).first.wait_for()
    await page.locator("summary", has_text=words["why"]).first.click()
    assert await page.locator(".days a").first.get_attribute("href") == me.receipt_path(me.sales[-1])
    before = await page.get_by_role("button", name=words["hide"]).count()
    await page.get_by_role("button", name=words["hide"]).nth(5).click()
    await page.wait_for_function(f"!document.body.innerText.includes({words['usual']!r})")
    assert await page.get_by_role("button", name=words["hide"]).count() == before - 1
    await page.get_by_role("button", name=words["answer"]).click()
    await page.get_by_role("heading", name=words["next"]).wait_for()
    assert await page.get_by_text(words["answer"]).is_visible()


async def _visits(page: Page, words: dict[str, str], me: Me) -> None:
    await page.goto("/me/visits")
    await page.get_by_role("button", name=words["not_me"]).last.click()
    await page.get_by_role("button", name=words["was_me"]).wait_for()
    assert page.url.endswith(f"#sale-{me.sales[0]}")
    await page.get_by_role("link", name=words["receipt"]).first.click()
    await page.get_by_text(words["saved"]).wait_for()
    assert page.url == me.url + me.receipt_path(me.sales[-1])
    assert await faults(page) == []


async def _privacy(page: Page, words: dict[str, str]) -> None:
    await page.goto("/me/privacy")
    await page.get_by_role("button", name=words["agree"]).first.click()
    await page.wait_for_load_state()
    await page.goto("/me")
    # One tap on the first screen.
    await page.get_by_role("button", name=words["off"]).click()
    await page.get_by_text(words["is_off"]).wait_for()
    await page.goto("/me/privacy")
    await page.get_by_role("button", name=words["copy"]).click()
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name=words["download"]).click()
    downloaded = await downloading.value
    copy = json.loads((await downloaded.path()).read_bytes())
    assert (copy["member"]["name"], copy["answers"], len(copy["visits"])) == ("Anna Zhang", {"diet": "no_pork"}, 5)
    assert copy["needs"] == []
    await page.locator("summary", has_text=words["ask"]).first.click()
    await page.get_by_label(words["words"]).fill("My name is spelt with a z.")
    await page.get_by_role("button", name=words["send"]).click()
    await page.get_by_text(words["left"]).wait_for()


@pytest.mark.browser
async def test_a_photo_is_given_without_javascript(me: Me, browser: Browser) -> None:
    """The picture shows on the image; what is no picture is refused with what to do, and leaves the first one."""
    async with journey(browser, me.url, "photo", java_script_enabled=False) as walk:
        await walk.page.context.add_cookies(me.cookies())
        await walk.page.goto("/me/photo")
        photo: FilePayload = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": portrait()}
        await walk.page.get_by_label("A photo").set_input_files([photo])
        await walk.page.get_by_role("button", name="Use this photo").click()
        await walk.page.get_by_alt_text("You, as the photo shows you").wait_for()
        await walk.page.goto("/me")
        assert await walk.page.locator("img.face").count() == 1
    assert await me.town.count("member_photo") == 1


# -------------------------------------------------------------------------------------------------- without a browser


async def _press(client: AsyncClient, path: str) -> str:
    """Return the press of the first form of a page."""
    found = re.search(r'name="once" value="([^"]+)"', (await client.get(path)).text)
    assert found is not None
    return found[1]


FORMS = [
    ("/me", "/me/name", {"name": "Anna", "language": "zh"}, "idempotency_key"),
    ("/me", "/me/answers", {"question": "spice", "value": "hot"}, "member_answer"),
    ("/me", "/me/fields", {"field": "usual_tender", "hidden": "yes"}, "member_hidden_field"),
    ("/me/visits", "/me/visits/not-me", {"sale": "{sale}", "not_me": "yes"}, "sale_dispute"),
    ("/me/privacy", "/me/privacy/consents", {"purpose": "marketing", "granted": "yes"}, "consent_record"),
    ("/me/privacy", "/me/privacy/copy", {}, "privacy_request"),
    ("/me/privacy", "/me/privacy/requests", {"kind": "object", "words": "No messages."}, "privacy_request"),
]


async def _expect(me: Me, chance: float) -> None:
    """Let the serving model expect Anna at the florist's within a week."""
    async with me.town.database.unit(me.town.network_id, role="worker") as uow:
        now = await uow.now()
        model = NewModel(need.TASK, now - timedelta(days=60), now, 1, {}, {}, b"trees")
        kept = await registry.keep(uow, model, compared_with=None)
        chances = np.array([chance])
        one = np.array([1])
        shops = [me.town.other_shop_id]
        rows = Wanted([me.anna.subject_id], shops, one, chances, chances, np.array([False]))
        await replace(uow, rows, kept.id, now)


async def test_what_may_be_wanted_soon_is_told_with_its_reason(me: Me) -> None:
    """Only with suggestions on, only where it is likelier than a guess, and not once its ground is hidden."""
    await _expect(me, 0.42)
    async with me.client() as client:
        assert "What you may want soon" not in (await client.get("/me")).text
        agree = {"purpose": "personalisation", "granted": "yes", "once": await _press(client, "/me/privacy")}
        await client.post("/me/privacy/consents", data=agree)
        text = (await client.get("/me")).text
        assert "Within a week with a chance of 42%, most likely at Flowers." in text
        assert "You have not been there yet." in text
        hide = {"field": "favourite_shops", "hidden": "yes", "once": await _press(client, "/me")}
        await client.post("/me/fields", data=hide)
        assert "What you may want soon" not in (await client.get("/me")).text


async def test_a_chance_that_is_a_guess_is_no_need(me: Me) -> None:
    """One shop in ten is nothing to speak of."""
    await _expect(me, 0.09)
    async with me.client() as client:
        agree = {"purpose": "personalisation", "granted": "yes", "once": await _press(client, "/me/privacy")}
        await client.post("/me/privacy/consents", data=agree)
        assert "What you may want soon" not in (await client.get("/me")).text


async def test_each_field_says_how_sure_it_is_and_which_are_weak(me: Me) -> None:
    """Confidence in words, the room that facts leave, products and areas; a rhythm is marked as a weak hint."""
    async with me.client() as client:
        text = (await client.get("/me")).text
    known = text.partition('id="known"')[2].partition('id="told"')[0]
    for words in ("What you often buy", "Rye bread", "Around Bakery", "How often you use a voucher", "1 of 5"):
        assert words in known
    assert known.count("A weak hint:") == 1
    assert "Fairly sure" in known
    assert "By these facts it may be anything from" in known


async def test_a_copy_names_what_they_never_want_to_see(me: Me) -> None:
    """Blocks are kept above the slice that holds the rest, and are in the copy all the same."""
    async with me.town.database.unit(me.town.network_id) as uow:
        await match.block(uow, me.anna.subject_ids, shop_id=me.town.other_shop_id)
    async with me.client() as client:
        await client.post("/me/privacy/copy", data={"once": await _press(client, "/me/privacy")})
        copy = (await client.get("/me/privacy/copy.json")).json()
    assert [one["shop_id"] for one in copy["blocks"]] == [str(me.town.other_shop_id)]


async def test_each_form_sent_twice_has_one_effect(me: Me) -> None:
    """A double tap leads to the same place and adds one row; a new press is another wish."""
    async with me.client() as client:
        for page, path, fields, table in FORMS:
            sent = {**fields, "once": await _press(client, page)}
            sent = {name: str(value).format(sale=me.sales[0]) for name, value in sent.items()}
            before = await me.town.count(table)
            answers = [await client.post(path, data=sent) for _ in range(2)]
            assert [one.status_code for one in answers] == [303, 303], path
            assert answers[0].headers["location"] == answers[1].headers["location"]
            assert await me.town.count(table) == before + 1, path


async def test_a_form_without_our_press_does_nothing(me: Me) -> None:
    """Without a press, with a made-up one, and from another site: refused, and nothing is written."""
    fields = {"purpose": "marketing", "granted": "yes"}
    async with me.client() as client:
        press = await _press(client, "/me/privacy")
        tries = [
            await client.post("/me/privacy/consents", data=fields),
            await client.post("/me/privacy/consents", data={**fields, "once": "made-up"}),
            await client.post(
                "/me/privacy/consents",
                data={**fields, "once": press},
                headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
            ),
        ]
    assert [one.status_code >= 400 for one in tries] == [True] * 3
    assert await me.town.count("consent_record") == 0


async def test_refusals_say_what_to_do_and_change_nothing(me: Me) -> None:
    """Empty words, a name that cannot be shown, no picture, no tick: the page again, with the reason at its field."""
    async with me.client() as client:
        refused = {
            "/me/privacy/requests": ("/me/privacy", {"kind": "correct", "words": ""}, "words-error"),
            "/me/name": ("/me", {"name": "A" * 101, "language": "en"}, "name-error"),
            "/me/photo": ("/me/photo", {}, "photo-error"),
            "/me/privacy/erase": ("/me/privacy/erase", {}, 'role="alert"'),
        }
        for path, (page, fields, place) in refused.items():
            answer = await client.post(path, data={**fields, "once": await _press(client, page)})
            assert answer.status_code == 422, path
            assert place in answer.text
        files = {"photo": ("me.jpg", b"no picture", "image/jpeg")}
        answer = await client.post("/me/photo", data={"once": await _press(client, "/me/photo")}, files=files)
        assert (answer.status_code, "photo-error" in answer.text) == (422, True)
        assert (await client.get("/me/photo.jpg")).status_code == 404
    for table in ("privacy_request", "member_photo", "member_erasure"):
        assert await me.town.count(table) == 0


async def test_nobody_reads_without_a_session(me: Me) -> None:
    """Every page leads to where one comes back; what is personal is never stored by the browser."""
    async with AsyncClient(base_url=me.url, timeout=30) as stranger:
        for path in ("/me", "/me/photo", "/me/photo.jpg", "/me/visits", "/me/privacy", "/me/privacy/copy.json"):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/welcome-back?next={path}"), path
            assert "Anna" not in answer.text
    async with me.client() as client:
        for path in ("/me", "/me/visits", "/me/privacy"):
            assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_a_receipt_opens_by_its_code_alone(me: Me) -> None:
    """Whoever has the paper reads it and does not learn who bought; a changed code opens nothing."""
    path = me.receipt_path(me.sales[-1])
    async with AsyncClient(base_url=me.url, timeout=30) as stranger:
        answer = await stranger.get(path)
        assert (answer.status_code, "Rye bread" in answer.text, "Anna" in answer.text) == (200, True, False)
        assert 'href="/wallet"' in answer.text
        assert "/me/visits" not in answer.text
        assert (await stranger.get(path[:-2] + "AA")).status_code == 404
        assert (await stranger.get(f"/receipts/{uuid4()}")).status_code == 404


async def test_somebody_elses_sale_cannot_be_disputed(me: Me) -> None:
    """Refused with its reason, and nothing is written."""
    bert = await me.town.person(IdentifierKind.PHONE, OTHER_PHONE)
    sale_id = await buy(me.town, bert)
    async with me.client() as client:
        sent = {"sale": str(sale_id), "not_me": "yes", "once": await _press(client, "/me/visits")}
        answer = await client.post("/me/visits/not-me", data=sent)
    assert (answer.status_code, "sale_" in answer.text) == (404, True)
    assert await me.town.count("sale_dispute") == 0


async def test_a_copy_is_given_only_after_it_was_asked_for(me: Me) -> None:
    """Its address alone leads back to the page that asks."""
    async with me.client() as client:
        answer = await client.get("/me/privacy/copy.json")
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/privacy#copy")
        await client.post("/me/privacy/copy", data={"once": await _press(client, "/me/privacy")})
        answer = await client.get("/me/privacy/copy.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["content-disposition"].startswith('attachment; filename="my-data-')


async def test_with_nothing_known_the_pages_say_so(database_urls: Urls) -> None:
    """The empty states have one main action, and no field claims anything."""
    async with anna_at_home(database_urls.application_url, visits=False) as me, me.client() as client:
        pages = [await client.get(path) for path in ("/me", "/me/visits", "/me/privacy")]
    assert [one.status_code for one in pages] == [200] * 3
    assert _actions(pages[0]) == _actions(pages[1]) == ["/nearby"]
    assert "Do not use this" not in pages[0].text
    assert "None. When you have been to a shop" in pages[2].text


def _actions(page: Response) -> list[str]:
    """Return where the main actions of a page's empty state lead."""
    empty = page.text.partition('<div class="empty">')[2].partition("</div>")[0]
    return re.findall(r'<a class="button  " href="([^"]+)"', empty)


async def test_an_erasure_ends_every_phone(me: Me) -> None:
    """After it no page knows the cookie, and the request is kept as done, without words."""
    async with me.client() as client:
        sent = {"sure": "yes", "once": await _press(client, "/me/privacy/erase")}
        answers = [await client.post("/me/privacy/erase", data=sent) for _ in range(2)]
        assert answers[0].headers["location"] == "/me/gone"
        assert answers[1].headers["location"].startswith("/welcome-back")
        assert (await client.get("/me")).status_code == 303
        assert (await client.get("/me/gone")).status_code == 200
    rows = await me.town.rows("SELECT kind, outcome, words FROM privacy_request")
    assert rows == [("erase", "done", None)]


def test_every_question_is_in_the_catalogues() -> None:
    """The words of the questions stand where translations are collected; none is left over."""
    said = {text for one in member.QUESTIONS for text in (one.words, one.use)}
    said |= {choice.words for one in member.QUESTIONS for choice in one.choices if not choice.words.isdecimal()}
    assert said == set(QUESTION_TEXTS)
