"""The person's pages as plain forms, without JavaScript: scenes, joining, wallet, vouchers, what is nearby."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from ringmain.campaign import api as campaign
from ringmain.kit.migrate import Urls
from ringmain.scene import api as scene
from tests.entry.web.person_site import PersonSite, Phone, person_site

_FIRST_LOAD_BYTES = 150_000
_LOADED = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"')
_IMPORTED = re.compile(r'"(/static/[^"]+\.m?js)"')


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street of its own on a server."""
    async with person_site(database_urls.application_url) as site:
        yield site


@pytest.fixture
async def phone(site: PersonSite) -> AsyncIterator[Phone]:
    """Give a phone that has never been here."""
    async with site.phone() as phone:
        yield phone


async def test_the_prize_shows_before_joining_and_lands_in_the_wallet(site: PersonSite, phone: Phone) -> None:
    """Scan, choose, phone, code: one voucher of the chosen offer, won at the bakery, with what was agreed to."""
    token = await site.street.poster()
    await phone.open(f"/s/{token}")
    assert len(phone.offers) == 3
    assert "Choose one of 3 prizes" in phone.page
    assert await site.count("voucher") == await site.count("member") == 0
    chosen = phone.offers[1]
    await phone.send(f"/s/{token}", offer=chosen)
    assert phone.at == "/join"
    await phone.join(personalisation="yes")
    assert phone.at.endswith("?won=yes")
    assert "It is yours" in phone.page
    row = await site.street.value("SELECT (offer_id, sender_shop_id, origin_kind)::text FROM voucher")
    assert row == f"({chosen},{site.street.shops[0]},touch)"
    consents = "SELECT string_agg(purpose || ' ' || granted, ', ' ORDER BY purpose) FROM consent_record"
    assert await site.street.value(consents) == "marketing false, personalisation true"
    await phone.open("/wallet")
    assert phone.page.count('class="ticket"') == 1


async def test_an_offer_found_by_words_is_taken_with_one_press(site: PersonSite, phone: Phone) -> None:
    """Typos find the florist; a stranger's wish waits for their joining; a press counts once, one a day is enough."""
    await phone.open(f"/s/{await site.street.poster()}")
    await phone.open("/nearby?words=flwoers")
    assert phone.offers == [str(site.street.offers[1])]
    await phone.send("/nearby/take", offer=phone.offers[0])
    assert (phone.at, "Where shall we keep it?" in phone.page) == ("/join", True)
    await phone.join()
    assert phone.at.endswith("?won=yes")
    row = await site.street.value("SELECT (offer_id, sender_shop_id)::text FROM voucher")
    assert row == f"({site.street.offers[1]},)"
    await phone.open("/nearby?words=%E5%85%B0%E5%B7%9E")
    assert ("You have taken a voucher today" in phone.page, phone.offers) == (True, [])
    # Another member's four presses at once; then what they hold is shown as theirs, and the rest is closed for today.
    async with site.phone("zh") as other:
        await other.open(f"/s/{await site.street.poster()}")
        await other.open("/welcome-back")
        await other.join()
        await other.open("/nearby?words=%E5%85%B0%E5%B7%9E")
        filled = other.filled(offer=other.offers[0])
        answers = await asyncio.gather(*(other.client.post("/nearby/take", data=filled) for _ in range(4)))
        assert len({str(answer.url) for answer in answers}) == 1
        await other.send("/nearby/take", offer=str(site.street.offers[3]))
        assert other.at == f"/wallet/{answers[0].url.path.split('/')[-1]}"
        await other.open("/nearby")
        assert answers[0].url.path in other.page
    assert await site.count("voucher") == await site.count("draw_claim") == 2
    # What cannot be taken any more says so.
    async with site.phone() as third:
        await third.open(f"/s/{await site.street.poster()}")
        await third.open("/welcome-back")
        await third.join()
        await third.open("/nearby")
        await site.street.pause(site.street.offers[4])
        await third.send("/nearby/take", offer=str(site.street.offers[4]))
        assert "That voucher cannot be taken any more" in third.page
    assert await site.count("voucher") == 2


async def test_today_shows_what_ends_and_places_and_hears_not_for_me(site: PersonSite, phone: Phone) -> None:
    """Vouchers that end soon and open shops, each with why; what is not for somebody is gone at once."""
    soon = await site.street.publish(1, datetime.now(UTC), valid_days=1, face_minor=700)
    await phone.open(f"/s/{await site.street.poster()}")
    await phone.open("/welcome-back")
    await phone.join()
    await phone.open("/nearby")
    await phone.send("/nearby/take", offer=str(soon.id))
    await phone.open("/today")
    assert ("Ends soon" in phone.page, "good until" in phone.page) == (True, True)
    assert "everybody here is shown the same shops" in phone.page
    await phone.send("/today/not-for-me", offer=str(soon.id))
    assert (phone.at, "Ends soon" in phone.page) == ("/today?hidden=1", False)
    await phone.open("/nearby/not-for-me")
    await phone.send("/nearby/again", offer=str(soon.id))
    await phone.open("/today")
    assert "Ends soon" in phone.page
    await phone.send("/today/not-for-me", shop=str(site.street.shops[3]))
    await phone.open("/today")
    assert f'value="{site.street.shops[3]}"' not in phone.page


async def test_a_holder_says_that_they_are_coming(site: PersonSite, phone: Phone) -> None:
    """The shop of the voucher may keep it for twelve hours; another shop is not told."""
    voucher_id = await phone.win(await site.street.poster())
    place = site.street.offers.index(UUID(str(await site.street.value("SELECT offer_id FROM voucher"))))
    await phone.open(f"/wallet/{voucher_id}/coming")
    await phone.send(f"/wallet/{voucher_id}/coming", shop=str(site.street.shops[0]))
    assert await site.count("prepared_voucher") == 0
    await phone.open(f"/wallet/{voucher_id}/coming")
    await phone.send(f"/wallet/{voucher_id}/coming", shop=str(site.street.shops[place]))
    assert "expects you until" in phone.page
    row = await site.street.value("SELECT (shop_id, voucher_id)::text FROM prepared_voucher")
    assert row == f"({site.street.shops[place]},{voucher_id})"


async def test_looking_twice_is_one_touch_and_one_play(site: PersonSite, phone: Phone) -> None:
    """A reload records nothing more; after the prize the scene says that it is in the wallet."""
    token = await site.street.poster()
    await phone.open(f"/s/{token}")
    first = phone.offers
    await phone.open(f"/s/{token}")
    assert phone.offers == first
    assert await site.count("touch") == await site.count("draw") == 1
    voucher_id = await phone.win(token)
    await phone.open(f"/s/{token}")
    assert "You played here today" in phone.page
    assert f"/wallet/{voucher_id}" in phone.page
    # At another shop's poster a member needs one tap only.
    other = await site.street.poster(1)
    await phone.open(f"/s/{other}")
    await phone.send(f"/s/{other}", offer=phone.offers[0])
    assert phone.at.endswith("?won=yes")
    assert await site.count("voucher") == 2


async def test_double_taps_are_one_voucher(site: PersonSite, phone: Phone) -> None:
    """The same form sent four times at once, at the choice, at the phone and at the code: one message, one voucher."""
    token = await site.street.poster()
    await phone.open(f"/s/{token}")

    async def at_once(path: str, **fields: str) -> None:
        filled = phone.filled(**fields)
        answers = await asyncio.gather(*(phone.client.post(path, data=filled) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.url.path for answer in answers}) == 1
        await phone.open(answers[0].url.path)

    await at_once(f"/s/{token}", offer=phone.offers[0])
    await at_once("/join", phone=phone.number)
    assert await site.count("member_challenge") == 1
    await at_once("/join/code", code=await site.code())
    assert phone.at.startswith("/wallet/")
    assert await site.count("voucher") == await site.count("member") == await site.count("draw_claim") == 1
    # A member who taps twice elsewhere gets one, too.
    other = await site.street.poster(1)
    await phone.open(f"/s/{other}")
    await at_once(f"/s/{other}", offer=phone.offers[0])
    assert await site.count("voucher") == 2


async def test_a_wrong_code_says_how_often_it_may_be_tried(site: PersonSite, phone: Phone) -> None:
    """A wrong code costs a try and joins nobody; the right one afterwards does; the tries are kept."""
    token = await site.street.poster()
    await phone.open(f"/s/{token}")
    await phone.send(f"/s/{token}", offer=phone.offers[0])
    await phone.send("/join", phone=phone.number)
    code = await site.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    answer = await phone.send("/join/code", code=wrong)
    assert (answer.status_code, "4 more times" in phone.page) == (422, True)
    assert await site.count("member") == await site.count("voucher") == 0
    assert await site.street.value("SELECT tries_left FROM member_challenge") == 4
    await phone.send("/join/code", code=f"{code[:3]} {code[3:]}")
    assert phone.at.endswith("?won=yes")
    wrong_number = await _fresh(site, "12")
    assert (wrong_number.status_code, await site.count("member")) == (422, 1)


async def _fresh(site: PersonSite, number: str) -> Response:
    async with site.phone() as other:
        await other.open(f"/s/{await site.street.poster()}")
        await other.open("/join")
        answer = await other.send("/join", phone=number)
        assert f'value="{number}"' in other.page
        return answer


async def test_whoever_comes_back_finds_everything_again(site: PersonSite, phone: Phone) -> None:
    """Another phone, the same number: the wallet is there; no consent is changed by coming back."""
    token = await site.street.poster()
    voucher_id = await phone.win(token)
    async with site.phone() as other:
        other.number = phone.number
        await other.open(f"/s/{token}")
        await other.open(f"/wallet/{voucher_id}")
        assert other.at == f"/welcome-back?next=/wallet/{voucher_id}"
        await other.send("/join", phone=other.number, back="yes")
        await other.send("/join/code", code=await site.code())
        assert other.at == f"/wallet/{voucher_id}"
    assert await site.count("member") == 1
    assert await site.count("consent_record") == 2


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_codes_that_lead_nowhere_say_so(site: PersonSite, language: str) -> None:
    """Unknown, malformed and retired codes, and an empty purse: a page with a way on, and nothing is drawn."""
    gone = await site.street.poster()
    async with site.street.unit(datetime.now(tz=UTC)) as uow:
        found = await scene.find_scene(uow, gone)
        await scene.retire_scene(uow, found.id)
    async with site.phone(language) as phone:
        for token in ("AAAAAAAAAAAAAAAAAAAAAA", "short", "é" * 22):
            assert (await phone.open(f"/s/{token}")).status_code == 404
            assert 'href="/nearby"' in phone.page
        assert (await phone.open(f"/s/{gone}")).status_code == 410
        await site.street.pause(*site.street.offers)
        assert (await phone.open(f"/s/{await site.street.poster()}")).status_code == 200
        assert {"en": "No prize today", "zh": "今天没有奖品"}[language] in phone.page
    assert await site.count("draw") == 0
    assert await site.count("draw_miss") == 1


async def test_a_scene_of_the_network_leads_to_prizes_everywhere(site: PersonSite, phone: Phone) -> None:
    """A link that belongs to no shop: the network's name above, three prizes below."""
    await phone.open(f"/s/{await site.street.poster(None)}")
    assert len(phone.offers) == 3
    assert "Street" in phone.page


async def test_a_receipt_is_played_once(site: PersonSite, phone: Phone) -> None:
    """The receipt's code leads to a prize; a second phone is told that it was used."""
    sale_id = await site.street.buy(None, 1, datetime.now(tz=UTC))
    async with site.street.unit(datetime.now(tz=UTC)) as uow:
        token = (await campaign.next_voucher(uow, sale_id)).token
    await phone.win(token)
    assert await site.street.value("SELECT origin_kind FROM voucher") == "sale"
    async with site.phone() as other:
        assert (await other.open(f"/s/{token}")).status_code == 409
        assert "Each receipt is good for one play" in other.page


async def test_a_prize_that_ran_out_leaves_the_others(site: PersonSite, phone: Phone) -> None:
    """The chosen prize is gone when it is claimed: the others are shown, and one of them is taken."""
    token = await site.street.poster()
    await phone.open(f"/s/{token}")
    gone, left = phone.offers[:2]
    await phone.send(f"/s/{token}", offer=gone)
    await site.street.pause(UUID(gone))
    await phone.join()
    assert phone.at == f"/s/{token}?gone=1"
    assert "Somebody was faster" in phone.page
    assert gone not in phone.offers
    await phone.send(f"/s/{token}", offer=left)
    assert phone.at.endswith("?won=yes")
    assert await site.count("voucher") == 1


async def test_a_voucher_is_its_holders_only(site: PersonSite, phone: Phone) -> None:
    """Another member's page of it does not exist, nor its digits, reasons or link."""
    voucher_id = await phone.win(await site.street.poster())
    async with site.phone() as other:
        await other.win(await site.street.poster())
        for path in ("", "/digits", "/why", "/share", "/coming"):
            assert (await other.open(f"/wallet/{voucher_id}{path}")).status_code == 404
    async with site.phone() as stranger:
        await stranger.open(f"/wallet/{voucher_id}")
        assert stranger.at.startswith("/welcome-back")


async def test_digits_reasons_and_links_of_a_voucher(site: PersonSite, phone: Phone) -> None:
    """Digits for one of its shops, why another shop refuses it, a link for a friend: made once."""
    voucher_id = await phone.win(await site.street.poster())
    offer_id = await site.street.value("SELECT offer_id FROM voucher")
    place = site.street.offers.index(offer_id)
    await phone.open(f"/wallet/{voucher_id}/digits")
    await phone.send(f"/wallet/{voucher_id}/digits", shop=str(site.street.shops[place]))
    assert len(re.findall(r"<span>\d{4}</span>", phone.page)) == 3
    await phone.send(f"/wallet/{voucher_id}/digits", shop=str(site.street.shops[0]))
    assert await site.count("typed_code") == 1
    await phone.open(f"/wallet/{voucher_id}/why?shop={site.street.shops[0]}&amount=30")
    assert "The offer names other shops." in phone.page
    await phone.open(f"/wallet/{voucher_id}/why?shop={site.street.shops[place]}&amount=30")
    assert "it works now and takes" in phone.page
    await phone.open(f"/wallet/{voucher_id}/share")
    for _ in range(2):
        await phone.client.post(f"/wallet/{voucher_id}/share", data=phone.filled())
    assert await site.street.value("SELECT count(*) FROM scene WHERE kind = 'share'") == 1
    await phone.open(f"/wallet/{voucher_id}/share")
    link = re.search(r'data-copy="[^"]*(/s/[^"]+)"', phone.page)
    assert link
    async with site.phone() as friend:
        assert (await friend.open(link[1])).status_code == 200
        assert len(friend.offers) == 3


async def test_what_is_nearby_is_found_by_words_and_hidden_for_good(site: PersonSite, phone: Phone) -> None:
    """Around the scene, by words with a slip, around a place that is sent and not kept; "not for me", and back."""
    await phone.win(await site.street.poster())
    await phone.open("/nearby")
    assert "Around Bakery" in phone.page
    assert phone.page.count('class="card shop"') == 4
    await phone.open("/nearby?words=cofee")
    assert phone.page.count('class="card shop"') == 1
    await phone.open("/nearby?words=submarine")
    assert "Nothing fits" in phone.page
    here = {"latitude": "31.2", "longitude": "121.5", "words": ""}
    answer = await phone.client.post("/nearby", data=here)
    assert answer.text.count('class="card shop"') == 5
    assert "121.5" not in str(await site.street.value("SELECT string_agg(facts::text, '') FROM page_session"))
    await phone.open("/nearby")
    await phone.send("/nearby/not-for-me", shop=str(site.street.shops[1]))
    assert "Flower Corner" not in phone.page
    await phone.open("/nearby/not-for-me")
    await phone.send("/nearby/again", shop=str(site.street.shops[1]))
    await phone.open("/nearby")
    assert "Flower Corner" in phone.page


async def test_the_app_can_be_installed_and_the_first_load_is_small(site: PersonSite, phone: Phone) -> None:
    """Manifest, icons and worker are there; page, styles and modules are 150 kB compressed at most."""
    answer = await phone.open(f"/s/{await site.street.poster()}")
    addresses, sizes = set(_LOADED.findall(answer.text)), [len(gzip.compress(answer.content))]
    while addresses:
        address = addresses.pop()
        file = await phone.client.get(address)
        assert file.status_code == 200
        sizes.append(len(gzip.compress(file.content)))
        addresses |= set(_IMPORTED.findall(file.text)) if "person" in address and "import {" in file.text else set()
    assert len(sizes) >= 4
    assert sum(sizes) <= _FIRST_LOAD_BYTES
    manifest = (await phone.client.get("/manifest.webmanifest")).json()
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/wallet")
    for icon in manifest["icons"]:
        assert (await phone.client.get(icon["src"])).content[:4] == b"\x89PNG"
    worker = await phone.client.get("/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")


async def test_a_phone_that_goes_away_while_sending_is_no_fault(site: PersonSite, phone: Phone) -> None:
    """A form that ends in the middle does nothing, and raises nothing that a log would hold."""
    await phone.open(f"/s/{await site.street.poster()}")
    messages = [{"type": "http.request", "body": b"phone=138", "more_body": True}, {"type": "http.disconnect"}]
    answered: list[int] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    cookies = "; ".join(f"{name}={value}" for name, value in phone.client.cookies.items())
    headers = [
        (b"cookie", cookies.encode()),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"host", b"localhost"),
        (b"content-length", b"100"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/join", "query_string": b"", "client": None}
    app: Any = site.server.config.app
    await app(scope | {"headers": headers}, receive, send)
    assert (messages, answered) == ([], [400])
    assert await site.count("member_challenge") == 0
