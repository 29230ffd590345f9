"""The start page and what hangs on it: the flow, a voucher that is spent twice, the API reference, static files."""

import hashlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import metadata
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ringmain.entry.web import reference
from ringmain.entry.web.loopback import Place
from ringmain.entry.web.picture import draw_tills
from ringmain.entry.web.services import Services
from ringmain.entry.web.trial import BASKET_MINOR, FACE_MINOR, TILLS, NoTrial, Trials
from ringmain.kit.pages import Presses, Site, Speech
from ringmain.kit.pages.application import speech_of

_MOST_FORM_BYTES = 4_096
_NO_STORE = {"cache-control": "no-store"}


class StartPages:
    """The pages that need no session."""

    def __init__(self, site: Site, describe: Callable[[], Mapping[str, Any]]) -> None:
        services = site.services
        assert isinstance(services, Services)
        self._site = site
        self._services = services
        self._trials = Trials(site.database, site.keyring, services.replayed_network)
        self._presses = Presses(site.keyring)
        self._describe = describe
        self._reference: tuple[str, str] | None = None

    @property
    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        return [
            Route("/", self.start),
            Route("/reference", self.reference),
            Route("/readme", self.readme),
            Route("/demo/spend-twice", self.spend_twice, methods=["POST"]),
            Route("/demo/spend-twice/{press:uuid}", self.spent_twice),
            Route("/static/{name:path}", self._site.files.serve),
            Route("/favicon.ico", self.icon),
        ]

    async def start(self, request: Request) -> Response:
        """Show what this is, and what flows."""
        shown = await self._services.snapshots.shown()
        if shown.snapshot is None:
            return self._page(request, "empty.html")
        return self._page(
            request,
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
        self._site.own_pages.check(request.headers)
        press = self._presses.read(await _field(request, "press"))
        await self._trials.run(press, Place.of(request.scope.get("server")))
        return RedirectResponse(f"/demo/spend-twice/{press}", HTTPStatus.SEE_OTHER, _NO_STORE)

    async def spent_twice(self, request: Request) -> Response:
        """Show what happened."""
        trial = self._trials.result(request.path_params["press"])
        if trial is None:
            return self._page(request, "forgotten.html", HTTPStatus.NOT_FOUND)
        ring = draw_tills({attempt.till: attempt.code for attempt in trial.attempts})
        return self._page(request, "trial.html", trial=trial, ring=ring, press=self._presses.new(), tills=TILLS)

    async def reference(self, request: Request) -> Response:
        """Show the API reference, which changes only with the program."""
        if self._reference is None:
            english = self._site.languages.speech("en")
            html = self._render("reference.html", english, reference=reference.read(self._describe()))
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
        return self._site.files.answer(request, "mark.svg", for_ever=False)

    def _page(self, request: Request, template: str, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._render(template, speech_of(self._site, request), **values), status, _NO_STORE)

    def _render(self, template: str, speech: Speech, **values: Any) -> str:
        demo = self._services.demo_network is not None
        return self._site.templates.render(template, speech, visit=None, once=str, demo=demo, **values)


async def _field(request: Request, name: str) -> str:
    """Return a field of a small form, empty where it is missing, repeated, or where the form is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            return ""
    values = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get(name, [])
    return values[0] if len(values) == 1 else ""
