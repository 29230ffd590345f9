"""The pages of signing in without a browser: what is wrong, what is sent twice, who may, and the organisation."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from ringmain.entry.web import pages
from ringmain.entry.web.signin.common import browser_of
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.network import api as network
from tests.entry.web.accounts import PASSWORD, Invited, invite, with_password
from tests.entry.web.served import KEYRING, Served
from tests.network.issuer import CLIENT_ID, CLIENT_SECRET, running
from tests.network.people import person
from tests.network.town import installation


@asynccontextmanager
async def browsing(url: str, **options: object) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client that keeps cookies, and goes nowhere by itself."""
    async with httpx2.AsyncClient(base_url=url, **options) as client:  # type: ignore[arg-type]
        yield client


async def _send(client: httpx2.AsyncClient, path: str, to: str = "", **fields: str) -> httpx2.Response:
    """Open a page and send its form."""
    return await client.post(to or path, data={"once": await _press(client, path), **fields})


async def _press(client: httpx2.AsyncClient, path: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', (await client.get(path)).text)
    assert found is not None
    return found[1]


async def _in(client: httpx2.AsyncClient, one: Invited) -> None:
    answer = await _send(client, "/sign-in", email=one.email, password=PASSWORD)
    assert answer.status_code == 303


async def test_what_is_wrong_looks_the_same(served: Served) -> None:
    """Unknown e-mail and wrong password get the same page; the e-mail stays in its field, the password does not."""
    mei = await with_password(served)
    shown = []
    for email in (mei.email, f"{uuid4().hex[:12]}@lantern.example"):
        async with browsing(served.url) as client:
            answer = await _send(client, "/sign-in", email=email, password="wrong wrong wrong")
            assert answer.status_code == 403
            assert email in answer.text
            assert "wrong wrong wrong" not in answer.text
            shown.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert shown[0] == shown[1]


async def test_a_lock_says_how_long(served: Served) -> None:
    """After five wrong tries the page says to wait a minute, for the right password too, and nobody is signed in."""
    mei = await with_password(served)
    async with browsing(served.url) as client:
        for _ in range(5):
            await _send(client, "/sign-in", email=mei.email, password="wrong")
        answer = await _send(client, "/sign-in", email=mei.email, password=PASSWORD)
        assert answer.status_code == 429
        assert "Try again in 1 minute." in answer.text
        assert (await client.get("/account")).headers["location"] == "/sign-in?next=/account"


async def test_signing_in_leads_to_ones_own_console(served: Served) -> None:
    """Owners go to their shop, operators to their network, or where they were going, never to another site."""
    owner, operator = await with_password(served), await with_password(served, "operator")
    for one, going, lands in (
        (owner, "", "/merchant"),
        (operator, "", "/operator"),
        (owner, "/account/password", "/account/password"),
        (owner, "https://evil.example/", "/merchant"),
        (owner, "//evil.example/", "/merchant"),
    ):
        async with browsing(served.url) as client:
            answer = await _send(client, "/sign-in", email=one.email, password=PASSWORD, next=going)
            assert (answer.status_code, answer.headers["location"]) == (303, lands)
            cookies = answer.headers.get_list("set-cookie")
            assert all("HttpOnly" in cookie and "SameSite=lax" in cookie for cookie in cookies)
            home = "/operator" if one is operator else "/merchant"
            assert (await client.get("/console")).headers["location"] == home


async def test_a_form_sent_twice_has_one_answer(served: Served) -> None:
    """An invitation or a new password that is sent twice leads on twice, and was done once."""
    mei = await invite(served)
    async with browsing(served.url) as client, browsing(served.url) as impatient:
        press = await _press(client, mei.path)
        form = {"once": press, "password": PASSWORD, "again": PASSWORD}
        for one in (client, impatient):
            answer = await one.post(mei.path, data=form)
            assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=welcome")
        changed = "five geese sleep deeply"
        form = {"old": PASSWORD, "password": changed, "again": changed}
        form["once"] = await _press(client, "/account/password")
        for _ in range(2):
            answer = await client.post("/account/password", data=form)
            assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password-changed")
        # The other browser was signed out by it.
        assert (await impatient.get("/account")).headers["location"].startswith("/sign-in")
        assert (await client.get("/account")).status_code == 200
    async with browsing(served.url) as client:
        answer = await client.get(mei.path)
        assert answer.status_code == 403
        assert "This link is over" in answer.text


async def test_forms_that_do_not_fit_say_why_and_change_nothing(served: Served) -> None:
    """Weak or different passwords, a wrong old one, a missing press: said beside the field, nothing is done."""
    mei = await invite(served)
    async with browsing(served.url) as client:
        for password, again, said in (
            ("short", "short", "At least 12 characters."),
            ("password1234", "password1234", "among the first"),
            (PASSWORD, PASSWORD + "!", "The two are not the same."),
        ):
            answer = await _send(client, mei.path, password=password, again=again)
            assert answer.status_code == 422
            assert said in answer.text
        assert (await client.post(mei.path, data={"password": PASSWORD, "again": PASSWORD})).status_code == 403
        assert (await client.get(mei.path)).status_code == 200
        assert (await _send(client, mei.path, password=PASSWORD, again=PASSWORD)).status_code == 303
        new = "five geese sleep deeply"
        answer = await _send(client, "/account/password", old="wrong", password=new, again=new)
        assert answer.status_code == 403
        assert "This is not your present password." in answer.text
        answer = await _send(client, "/account/app/change", to="/account/app/change", what="remove", code="000000")
        assert answer.status_code == 403
    async with browsing(served.url) as client:
        await _in(client, mei)


async def test_sessions_are_ones_own_to_end(served: Served) -> None:
    """Another browser is signed out from the list; somebody else's session is not found; the own one signs out."""
    mei, bo = await with_password(served), await with_password(served)
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
    async with (
        browsing(served.url) as here,
        browsing(served.url, headers=agent) as there,
        browsing(served.url) as other,
    ):
        await _in(here, mei)
        await _in(there, mei)
        await _in(other, bo)
        shown = (await here.get("/account")).text
        assert "Firefox, Linux" in shown
        own, far = _sessions(shown), _sessions((await other.get("/account")).text)
        assert (len(own), len(far)) == (2, 1)
        answer = await _send(here, "/account", to=f"/account/sessions/{far[0]}/end")
        assert answer.status_code == 404
        assert (await other.get("/account")).status_code == 200
        # The last used comes first: the list was opened by this browser.
        mine = next(one for one in own if one in _marked(shown))
        (theirs,) = set(own) - {mine}
        assert (await _send(here, "/account", to=f"/account/sessions/{theirs}/end")).status_code == 303
        assert (await there.get("/account")).status_code == 303
        assert (await _send(here, "/account", to=f"/account/sessions/{mine}/end")).headers[
            "location"
        ] == "/sign-in?out=1"
        assert (await here.get("/account")).status_code == 303


async def test_disabling_ends_sessions(served: Served) -> None:
    """Who is disabled is out of every browser at once."""
    mei = await with_password(served)

    async def disable() -> None:
        async with served.database.unit(None) as uow:
            found = await network.find_account(uow, KEYRING, mei.email)
        assert found is not None
        async with served.database.unit(found.network_id) as uow:
            await network.disable_account(uow, found.account_id)

    async with browsing(served.url) as client:
        await _in(client, mei)
        assert (await client.get("/account")).status_code == 200
        await served.acall(disable())
        assert (await client.get("/account")).status_code == 303


async def test_a_code_needs_its_password_first(served: Served) -> None:
    """Without a ticket the second step leads back to the first; a made-up one is expired."""
    async with browsing(served.url) as client:
        assert (await client.get("/sign-in/code?next=/account")).headers["location"] == "/sign-in?next=/account"
        press = await _press(client, "/sign-in")
        client.cookies.set("rm_ticket", "x" * 43)
        answer = await client.post("/sign-in/code", data={"once": press, "code": "123456"})
        assert answer.status_code == 403
        assert "That took too long, or was done before." in answer.text


async def test_operators_come_and_go_by_their_organisation(database_urls: Urls) -> None:
    """Away to the organisation, back with a code, into the console; only where the settings name one."""
    async with running() as issuer, installation(database_urls.application_url) as here:
        town = await here.town()
        mei = await person(here, town)
        settings = Settings(
            public_url="http://localhost",
            oidc_issuer=issuer.url,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=SecretStr(CLIENT_SECRET),
        )
        app = pages(settings, here.database, here.keyring, replayed_network=None)
        plain = pages(Settings(), here.database, here.keyring, replayed_network=None)
        async with browsing("http://localhost", transport=httpx2.ASGITransport(app=plain)) as client:
            assert "organisation" not in (await client.get("/sign-in")).text.lower()
            assert (await client.get("/sign-in/organisation")).status_code == 404
        async with browsing("http://localhost", transport=httpx2.ASGITransport(app=app)) as client:
            assert "Sign in with your organisation" in (await client.get("/sign-in?next=/account")).text
            away = await client.get("/sign-in/organisation?next=/account")
            assert away.status_code == 303
            state, code = issuer.arrive(away.headers["location"])
            assert issuer.asked["redirect_uri"] == "http://localhost/sign-in/organisation/back"
            issuer.change = {"email": mei.email}
            refused = await client.get(f"{urlsplit(issuer.asked['redirect_uri']).path}?error=access_denied")
            assert (refused.status_code, "did not let you in" in refused.text) == (403, True)
            back = await client.get(f"/sign-in/organisation/back?state={state}&code={code}")
            assert (back.status_code, back.headers["location"]) == (303, "/account")
            assert mei.email in (await client.get("/account")).text
            again = await client.get(f"/sign-in/organisation/back?state={state}&code={code}")
            assert again.status_code == 403


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.0", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str, name: str) -> None:
    """Of what a browser says of itself, name and system are kept, and nothing else."""
    assert browser_of(agent) == name


def _sessions(html: str) -> list[str]:
    return re.findall(r"/account/sessions/([0-9a-f-]+)/end", html)


def _marked(html: str) -> str:
    """Return the part of the list that is this browser's."""
    return next(part for part in html.split("<li") if "this one" in part)
