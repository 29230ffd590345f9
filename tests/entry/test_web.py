"""The pages: what they show, how strict they are with browsers, and one voucher that a hundred tills ask for."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response

from ringmain.entry.http import openapi
from ringmain.entry.web.picture import draw
from ringmain.entry.web.snapshot import Snapshots
from ringmain.entry.web.trial import Attempt, Trial
from ringmain.kit.db import Database
from ringmain.kit.http.openapi import resolve
from ringmain.kit.migrate import Urls
from ringmain.kit.pages import Presses
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.voucher.api import FlowEdge
from tests.entry.web_site import KEYRING, Site, serving, small_site

PRESS = "/demo/spend-twice"
_PRESS_FIELD = re.compile(r'name="press" value="([^"]+)"')
_WRITTEN = ("offer", "voucher", "redemption", "sale", "api_key", "ledger_transfer", "idempotency_key")


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[Site]:
    """Give a running site of its own to a test."""
    async with small_site(database_urls.application_url) as site:
        yield site


async def _press_of(client: AsyncClient) -> str:
    found = _PRESS_FIELD.search((await client.get("/")).text)
    assert found is not None
    return found[1]


async def _written(site: Site) -> dict[str, int]:
    return {table: await site.count(table) for table in _WRITTEN}


def _cells(html: str) -> Iterator[list[str]]:
    """Yield the cells of every table row."""
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
        yield re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)


# ------------------------------------------------------------------------------------------------------- what is shown


async def test_the_start_page_shows_figures_picture_and_table_of_the_network(site: Site) -> None:
    """The figures, the one edge in the picture, and the same edge in the table come from the database."""
    answer = await site.client.get("/")
    assert answer.status_code == 200
    figures = re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", answer.text)
    assert dict(figures) == {
        "shops": "2",
        "members who bought": "0",
        "sales": "0",
        "vouchers won": "2",
        "of them spent at another shop": "1",
        "sum of 5 transfers, EUR": "€0.00",
    }
    assert ["Bakery", "Cafe", "1", "1"] in _cells(answer.text)
    assert answer.text.count('class="drop heavy" d="M') == 2  # One in the picture, one in its key.
    assert "<title>Bakery to Cafe: 1 person</title>" in answer.text
    assert "this shows flow, not effect" in answer.text
    assert '<html lang="en" dir="ltr">' in answer.text


async def test_the_network_is_not_counted_again_by_each_visitor(site: Site) -> None:
    """Whoever asks within a minute gets the same snapshot."""
    snapshots = Snapshots(site.ring.database, site.ring.network_id)
    first = await snapshots.shown()
    assert first.snapshot is not None
    again = await asyncio.gather(*(snapshots.shown() for _ in range(20)))
    assert {id(one.snapshot) for one in again} == {id(first.snapshot)}


async def test_without_a_replayed_network_the_page_says_what_to_run(site: Site) -> None:
    """A missing network, and one that is not there yet, give one next step and no button."""
    for nothing in (None, uuid4()):
        async with serving(site.ring.database, nothing) as url, AsyncClient(base_url=url) as client:
            answer = await client.get("/")
            assert answer.status_code == 200
            assert "ringmain replay complete-journey" in answer.text
            assert "<button" not in answer.text
            assert "Bakery" not in answer.text


async def test_a_database_that_is_away_is_told_with_the_next_step(site: Site, database_urls: Urls) -> None:
    """A page that was never counted answers 503; one that was shows its last figures and says that they are old."""
    async with Database(database_urls.application_url) as closed:
        kept = Snapshots(closed, site.ring.network_id)
        assert not (await kept.shown()).stale
    async with serving(closed, site.ring.network_id) as url, AsyncClient(base_url=url) as client:
        answer = await client.get("/")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "ringmain doctor" in answer.text
    kept._renew_at = 0.0
    await kept.shown()
    assert kept._renewing is not None
    await kept._renewing
    shown = await kept.shown()
    assert shown.stale
    assert shown.snapshot is not None


async def test_the_reference_names_every_operation_and_error(site: Site) -> None:
    """Everything in the OpenAPI document can be read on the page, which the browser need not load twice."""
    answer = await site.client.get("/reference")
    assert answer.status_code == 200
    described = openapi()
    operations = [raw for methods in described["paths"].values() for raw in methods.values()]
    assert re.findall(r'<details id="([^"]+)"', answer.text) == _by_tag(operations)
    codes = {
        code
        for raw in operations
        for status, response in raw["responses"].items()
        if int(status) >= 400
        for code in resolve(described, response)["content"]["application/problem+json"]["examples"]
    }
    assert set(re.findall(r'<tr id="error-([^"]+)"', answer.text)) == codes
    assert set(re.findall(r'href="#error-([^"]+)"', answer.text)) == codes
    again = await site.client.get("/reference", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def _by_tag(operations: list[dict[str, list[str]]]) -> list[str]:
    tags = list(dict.fromkeys(raw["tags"][0] for raw in operations))
    ordered = sorted(operations, key=lambda raw: tags.index(raw["tags"][0]))
    return [str(raw["operationId"]) for raw in ordered]


async def test_files_have_addresses_that_never_go_stale(site: Site) -> None:
    """A file's address holds its digest and is kept for ever; its plain name is asked for again; others are missing."""
    page = (await site.client.get("/")).text
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert sorted({address.rpartition(".")[2] for address in addresses}) == ["css", "js", "svg"]
    for address in addresses:
        answer = await site.client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = await site.client.get("/static/pages.css")
    assert plain.headers["cache-control"] == "no-cache"
    again = await site.client.get("/static/pages.css", headers={"if-none-match": plain.headers["etag"]})
    assert again.status_code == 304
    assert (await site.client.get("/static/pages.0123456789ab.css")).status_code == 404
    assert (await site.client.get("/static/..%2Fweb%2Fsite.py")).status_code == 404
    assert (await site.client.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"


# ----------------------------------------------------------------------------------------------------------- strictness


class _Strict(HTMLParser):
    """Collects what the policy of these pages forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        self._script = tag == "script"
        if tag == "style":
            self.faults.append("inline style")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{tag} {name}")
            if name in ("src", "href", "action") and not (value or "").startswith(("/", "#")):
                self.faults.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        """Look at what stands inside an element."""
        if self._script and data.strip():
            self.faults.append("inline script")

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        self._script = False


def _faults(html: str) -> list[str]:
    strict = _Strict()
    strict.feed(html)
    return strict.faults


async def test_every_answer_keeps_browsers_strict(site: Site) -> None:
    """Policy, nosniff and referrer policy are on every answer; nothing is inline, nothing comes from elsewhere."""
    result = await site.client.post(PRESS, data={"press": await _press_of(site.client)}, follow_redirects=True)
    answers = [result, await site.client.post(PRESS), await site.client.post("/")]
    paths = ("/", "/reference", "/readme", "/no-such-page", f"{PRESS}/{uuid4()}", "/static/pages.css")
    answers += [await site.client.get(path) for path in paths]
    assert [one.status_code for one in answers] == [200, 403, 405, 200, 200, 200, 404, 404, 200]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        if answer.headers["content-type"].startswith("text/html"):
            assert _faults(answer.text) == []


def test_the_search_for_inline_code_finds_it() -> None:
    """Control: each forbidden thing is found when planted."""
    for planted in (
        "<script>1</script>",
        "<style>b{}</style>",
        '<p style="x">',
        '<p onclick="x">',
        '<img src="//cdn.example/a.png">'.replace("//", "https://"),
    ):
        assert len(_faults(planted)) == 1, planted


# ------------------------------------------------------------------------------------------------ spending it twice


async def test_a_voucher_that_a_hundred_tills_ask_for_is_spent_once(site: Site) -> None:
    """One till is accepted, 99 are told why not; one redemption and one sale are written; the ledger sums to zero."""
    before = await _written(site)
    answer = await site.client.post(PRESS, data={"press": await _press_of(site.client)})
    assert answer.status_code == 303
    page = (await site.client.get(answer.headers["location"])).text
    assert "One till got it." in page
    assert "<dt>accepted</dt><dd>1</dd>" in page
    assert "voucher_<wbr>already_<wbr>spent</code></dt><dd>99</dd>" in page
    assert "<dt>redemptions of this voucher in the database</dt><dd>1</dd>" in page
    assert "letter by letter" in page
    rows = [cells for cells in _cells(page) if len(cells) == 4]
    assert len(rows) == 100
    assert sum(cells[1:3] == ["201", "accepted"] for cells in rows) == 1
    assert sum(cells[1:3] == ["409", "voucher_already_spent"] for cells in rows) == 99
    after = await _written(site)
    # The keys: of the till, the offer, the grant, and the 100 requests.
    assert {table: after[table] - before[table] for table in _WRITTEN} == {
        "offer": 1,
        "voucher": 1,
        "redemption": 1,
        "sale": 1,
        "api_key": 1,
        "ledger_transfer": 2,
        "idempotency_key": 103,
    }
    async with site.ring.unit() as uow:
        assert [one.sum_minor for one in await ledger.sums(uow)] == [0]


async def test_a_press_counts_once_however_often_it_is_sent(site: Site) -> None:
    """Two sends at once, one later, and one to a restarted server meet the same voucher and the same winner."""
    press = await _press_of(site.client)
    sent = await asyncio.gather(*(site.client.post(PRESS, data={"press": press}) for _ in range(3)))
    sent.append(await site.client.post(PRESS, data={"press": press}))
    assert {(one.status_code, one.headers["location"]) for one in sent} == {(303, sent[0].headers["location"])}
    first = _winner(await site.client.get(sent[0].headers["location"]))
    async with (
        serving(site.ring.database, site.ring.network_id) as url,
        AsyncClient(base_url=url, timeout=30, follow_redirects=True) as restarted,
    ):
        assert (await restarted.get(sent[0].headers["location"])).status_code == 404
        assert _winner(await restarted.post(PRESS, data={"press": press})) == first
    # One voucher and one redemption of the ring itself, and one of each of this press.
    assert (await site.count("voucher"), await site.count("redemption")) == (3, 2)


def _winner(answer: Response) -> tuple[str, str]:
    """Return the till that got the voucher, and its redemption."""
    assert answer.status_code == 200
    till, redemption = (
        re.search(r"<h3>(Till \d+): 201", answer.text),
        re.search(r"redemption_id&#34;: &#34;([0-9a-f-]+)", answer.text),
    )
    assert till is not None
    assert redemption is not None
    return till[1], redemption[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"host": "evil.example"},
        {"host": "evil.example", "origin": "http://evil.example"},
    ],
    ids=lambda headers: "+".join(headers.values()),
)
async def test_a_press_from_another_site_does_nothing(site: Site, headers: dict[str, str]) -> None:
    """A form that another site sends, or that calls us by a foreign name, is refused and writes nothing."""
    press, before = await _press_of(site.client), await _written(site)
    answer = await site.client.post(PRESS, data={"press": press}, headers=headers)
    assert answer.status_code == 403
    assert "press_refused" in _plain(answer)
    assert await _written(site) == before


async def test_a_press_that_is_not_ours_does_nothing(site: Site) -> None:
    """A missing, forged, foreign, repeated, huge or old press is refused and writes nothing."""
    good, before = await _press_of(site.client), await _written(site)
    other = "B" if good[0] == "A" else "A"
    forged: list[dict[str, Any]] = [
        {},
        {"press": ""},
        {"press": other + good[1:]},
        {"press": good[:-4]},
        {"press": "é" * 9},
    ]
    forged += [{"press": [good, good]}, {"press": good, "x": "y" * 5_000}, {"press": _old_press()}]
    for form in forged:
        answer = await site.client.post(PRESS, data=form)
        assert (answer.status_code, "press_refused" in _plain(answer)) == (403, True), form
    assert await _written(site) == before


def _plain(answer: Response) -> str:
    """Return a page without the places where a code may be broken."""
    return answer.text.replace("<wbr>", "")


def _old_press() -> str:
    """Return a press that we signed thirteen hours ago."""
    press = uuid7(datetime.now(tz=UTC) - timedelta(hours=13)).bytes
    return base64.urlsafe_b64encode(press + Presses(KEYRING)._mac(press)).decode().rstrip("=")


async def test_a_real_network_is_never_tried_on(site: Site) -> None:
    """Without a replayed network a press is refused, even one that we signed ourselves, and writes nothing."""
    before = await _written(site)
    async with serving(site.ring.database, None) as url, AsyncClient(base_url=url) as client:
        answer = await client.post(PRESS, data={"press": Presses(KEYRING).new()})
        assert answer.status_code == 404
        assert "no_trial" in _plain(answer)
    assert await _written(site) == before


def test_a_voucher_that_was_spent_twice_would_be_told_so() -> None:
    """Control: two tills that were accepted, or two redemptions, are not what was promised."""

    def trial(accepted: int, redemptions: int, *, same: bool = True) -> Trial:
        codes = [""] * accepted + ["voucher_already_spent"] * (100 - accepted)
        attempts = [Attempt(till, 409 if code else 201, code, 1.0) for till, code in enumerate(codes, 1)]
        return Trial(
            at=datetime.now(tz=UTC),
            shop="Cafe",
            currency="EUR",
            attempts=attempts,
            milliseconds=1.0,
            batches=1,
            winner=attempts[0],
            winner_body="",
            refusal_body="",
            retried=attempts[0],
            retry_is_first_answer=same,
            redemptions=redemptions,
            remaining_minor=0,
            moves=[],
        )

    assert trial(1, 1).as_promised
    assert trial(1, 1).refusals == [("voucher_already_spent", 99)]
    assert not trial(2, 1).as_promised
    assert not trial(1, 2).as_promised
    assert not trial(0, 0).as_promised
    assert not trial(1, 1, same=False).as_promised


# ----------------------------------------------------------------------------------------------------------- picture


def test_the_picture_shows_each_shop_and_each_edge_once() -> None:
    """Shops stand in order on the ring; a drop begins where vouchers were won; more people make it thicker."""
    shops = [uuid4() for _ in range(4)]
    names = dict(zip(shops, "ABCD", strict=True))
    edges = [FlowEdge(shops[0], shops[1], 20, 9, 1_800), FlowEdge(shops[1], shops[2], 1, 1, 200)]
    picture = draw(names, edges, heavy=1)
    places = {dot.name: (dot.x, dot.y) for dot in picture.dots}
    assert places == {"A": (360.0, 60.0), "B": (660.0, 360.0), "C": (360.0, 660.0), "D": (60.0, 360.0)}
    assert {dot.name for dot in picture.dots if dot.spent} == {"B", "C"}
    assert [dot.name for dot in picture.dots if dot.quiet] == ["D"]
    weak, strong = picture.drops
    assert (strong.heavy, weak.heavy) == (True, False)
    assert (strong.origin, strong.destination, strong.people) == ("A", "B", 9)
    assert strong.path.startswith("M360.0 60.0Q")
    assert weak.path.startswith("M660.0 360.0Q")
    assert _head(strong.path) > 2 * _head(weak.path)


def _head(path: str) -> float:
    """Return the radius of the round head of a drop."""
    found = re.search(r"A([\d.]+) ", path)
    assert found is not None
    return float(found[1])


def test_a_network_in_which_nothing_flowed_has_a_picture() -> None:
    """Shops without an edge are quiet dots."""
    picture = draw({uuid4(): "A"}, [], heavy=10)
    assert [dot.quiet for dot in picture.dots] == [True]
    assert picture.drops == ()
