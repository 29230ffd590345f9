"""The Starlette application of the pages: routes, templates, and the headers that keep browsers strict."""

import hashlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringmain.entry.http import openapi
from ringmain.entry.web import reference
from ringmain.entry.web.loopback import Place
from ringmain.entry.web.picture import draw_tills
from ringmain.entry.web.press import OwnPages, Presses
from ringmain.entry.web.snapshot import Snapshots
from ringmain.entry.web.static_files import StaticFiles
from ringmain.entry.web.trial import BASKET_MINOR, FACE_MINOR, TILLS, NoTrial, Trials
from ringmain.kit.db import Database
from ringmain.kit.pure.errors import RuleBroken, Unavailable
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings

TEMPLATES = Path(__file__).parents[1] / "templates"
_MOST_FORM_BYTES = 4_096
_NO_STORE = {"cache-control": "no-store"}
# Everything comes from here, nothing is inline, and nobody else may frame these pages or send their forms elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With `no-referrer` browsers send `Origin: null` with our own forms, and the check of their origin could not work.
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
)


def pages(
    settings: Settings,
    database: Database,
    keyring: Keyring,
    *,
    demo_network: UUID | None,
    describe: Callable[[], Mapping[str, Any]] = openapi,
) -> ASGIApp:
    """Return the pages as an ASGI application, for `build_app(..., pages=...)`.

    `demo_network` is the network of a replay: only such a one is shown to everybody and lets visitors spend a voucher
    twice; without it the start page says how to get one. `describe` gives the OpenAPI document of the API reference.
    """
    site = _Site(settings, database, keyring, demo_network, describe)
    routes = [
        Route("/", site.start),
        Route("/reference", site.reference),
        Route("/readme", site.readme),
        Route("/demo/spend-twice", site.spend_twice, methods=["POST"]),
        Route("/demo/spend-twice/{press:uuid}", site.spent_twice),
        Route("/static/{name}", site.files.serve),
        Route("/favicon.ico", site.icon),
    ]
    handlers = {
        HTTPException: site.http_error,
        RuleBroken: site.broken_rule,
        Unavailable: site.unavailable,
        Exception: site.fault,
    }
    middleware = [Middleware(GZipMiddleware, minimum_size=1_000)]
    # Outermost, so that the answer to an unforeseen error carries the headers too.
    return _StrictHeaders(Starlette(routes=routes, middleware=middleware, exception_handlers=handlers))


class _StrictHeaders:
    """Adds the headers of the policy to every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        await self._app(scope, receive, strict)


class _Site:
    """What the routes share: templates, files, the snapshot, and trials."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keyring: Keyring,
        demo_network: UUID | None,
        describe: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.files = StaticFiles()
        self._snapshots = Snapshots(database, demo_network)
        self._trials = Trials(database, keyring, demo_network)
        self._presses = Presses(keyring)
        self._own_pages = OwnPages(settings.host, settings.public_url)
        self._describe = describe
        self._reference: tuple[str, str] | None = None
        self._templates = _environment(self.files)

    async def start(self, request: Request) -> Response:
        """Show what this is, and what flows."""
        shown = await self._snapshots.shown()
        if shown.snapshot is None:
            return self._page("empty.html")
        return self._page(
            "start.html",
            shown=shown.snapshot,
            stale=shown.stale,
            press=self._presses.new() if self._trials.possible else None,
            tills=TILLS,
            face_minor=FACE_MINOR,
            basket_minor=BASKET_MINOR,
        )

    async def spend_twice(self, request: Request) -> Response:
        """Run one trial and lead to what happened; a plain form, so that it works without JavaScript."""
        if not self._trials.possible:
            raise NoTrial()
        self._own_pages.check(request.headers)
        press = self._presses.read(await _field(request, "press"))
        await self._trials.run(press, Place.of(request.scope.get("server")))
        return RedirectResponse(f"/demo/spend-twice/{press}", HTTPStatus.SEE_OTHER, _NO_STORE)

    async def spent_twice(self, request: Request) -> Response:
        """Show what happened."""
        trial = self._trials.result(request.path_params["press"])
        if trial is None:
            return self._page("forgotten.html", HTTPStatus.NOT_FOUND)
        ring = draw_tills({attempt.till: attempt.code for attempt in trial.attempts})
        return self._page("trial.html", trial=trial, ring=ring, press=self._presses.new(), tills=TILLS)

    async def reference(self, request: Request) -> Response:
        """Show the API reference, which changes only with the program."""
        if self._reference is None:
            html = self._templates.get_template("reference.html").render(reference=reference.read(self._describe()))
            self._reference = html, f'"{hashlib.blake2b(html.encode(), digest_size=8).hexdigest()}"'
        html, etag = self._reference
        headers = {"etag": etag, "cache-control": "no-cache"}
        # Compressed on its way, the page is still the same, but its mark then says so (W/).
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return HTMLResponse(html, headers=headers)

    async def readme(self, request: Request) -> Response:
        """Give the README of the installed package as the text it is."""
        text = metadata("ringmain").json.get("description", "")
        return PlainTextResponse(str(text), headers={"cache-control": "no-cache"})

    async def icon(self, request: Request) -> Response:
        """Give the mark to browsers that ask for the old name of icons."""
        return self.files.answer(request, "mark.svg", for_ever=False)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """Show a page for what Starlette refuses: unknown addresses and methods."""
        assert isinstance(error, HTTPException)
        page = self._page("missing.html", error.status_code)
        page.headers.update(error.headers or {})
        return page

    async def broken_rule(self, request: Request, error: Exception) -> Response:
        """Show which rule said no, and what to do next."""
        assert isinstance(error, RuleBroken)
        why = (type(error).__doc__ or error.code).strip().partition("\n")[0]
        return self._page("refused.html", int(error.status), rule=error, why=why)

    async def unavailable(self, request: Request, error: Exception) -> Response:
        """Say that the database is away."""
        page = self._page("away.html", HTTPStatus.SERVICE_UNAVAILABLE, reason=str(error))
        page.headers["retry-after"] = "5"
        return page

    async def fault(self, request: Request, error: Exception) -> Response:
        """Say that this was our fault; Starlette passes the error on to the server's log."""
        return self._page("fault.html", HTTPStatus.INTERNAL_SERVER_ERROR)

    def _page(self, template: str, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(template).render(**values), status, _NO_STORE)


def _environment(files: StaticFiles) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(file=files.address, version=version("ringmain"))
    environment.filters.update(number=_number, money=_money, share=_share, breaking=_breaking, coded=_coded)
    return environment


def _number(value: int) -> str:
    return f"{value:,}"


def _money(amount_minor: int, currency: str) -> str:
    """Return an amount with two decimals: the replayed network's currency has them."""
    return f"{amount_minor / 100:,.2f} {currency}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0%"


def _breaking(code: str) -> Markup:
    """Return a code that may be broken after each underscore, where a narrow screen needs it."""
    return Markup("_<wbr>").join(code.split("_"))


def _coded(text: str) -> Markup:
    """Return a text in which what stands between backticks is code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


async def _field(request: Request, name: str) -> str:
    """Return a field of a small form, empty where it is missing, repeated, or where the form is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            return ""
    values = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get(name, [])
    return values[0] if len(values) == 1 else ""
