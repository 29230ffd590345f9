"""The ASGI application of declared pages: guards the door, finds the session, shows refusals, adds strict headers."""

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringmain.kit.http.limits import Buckets
from ringmain.kit.http.problem import NotFound, TooManyRequests
from ringmain.kit.pages.languages import LANGUAGES, Speech
from ringmain.kit.pages.route import Audience, PageRoute, Site
from ringmain.kit.pages.sessions import find_session
from ringmain.kit.pages.sessions_store import PageSession
from ringmain.kit.pages.visit import LANGUAGE_COOKIE, Visit, cookie_name
from ringmain.kit.pure.errors import RuleBroken, Unavailable

# Everything comes from here, nothing is inline, and nobody else may frame these pages or send their forms elsewhere.
# Workers draw maps; blobs and data are pictures that the page itself has made. Only pages with a camera, whose
# codes are read by WebAssembly, may compile that.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FEATURES = ("camera", "geolocation", "microphone", "payment")
# With `no-referrer` browsers send `Origin: null` with our own forms, and the check of their origin could not work.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_NO_STORE = {"cache-control": "no-store"}
# Under this name a request remembers by which page it is answered.
_PAGE = "ringmain.page"


def application(site: Site, pages: Sequence[PageRoute], others: Iterable[BaseRoute] = ()) -> ASGIApp:
    """Return the pages as one ASGI application. `others` are routes that need no session, such as static files.

    Raises `ValueError` where two pages share an address.
    """
    paths = [page.path for page in pages]
    if len(set(paths)) < len(paths):
        raise ValueError(f"two pages share an address: {sorted(path for path in paths if paths.count(path) > 1)}")
    routes = [*others, *(Route(page.path, _endpoint(site, page), methods=page.methods) for page in pages)]
    shown = _Errors(site)
    handlers = {
        HTTPException: shown.http_error,
        RuleBroken: shown.broken_rule,
        Unavailable: shown.unavailable,
        ClientDisconnect: shown.gone,
        Exception: shown.fault,
    }
    middleware = [Middleware(GZipMiddleware, minimum_size=1_000)]
    features = {page.path: page.features for page in pages if page.features}
    # Outermost, so that the answer to an unforeseen error carries the headers too.
    return _StrictHeaders(Starlette(routes=routes, middleware=middleware, exception_handlers=handlers), features)


def _endpoint(site: Site, page: PageRoute) -> Callable[[Request], object]:
    buckets = [Buckets(limit) for limit in page.limit]

    async def answer(request: Request) -> Response:
        request.scope[_PAGE] = page.path
        if request.method == "POST":
            _take(buckets, request)
        visit = Visit(site, page, request, speech_of(site, request), await _session(site, page.audience, request))
        if not page.audience.admits(visit.session):
            return _led_elsewhere(visit, page)
        try:
            if request.method == "POST":
                assert page.post is not None
                if page.json:
                    visit.check_origin()
                else:
                    await visit.read()
                return await page.post(visit)
            assert page.get is not None
            asked = request.query_params.get("lang", "")
            if asked in LANGUAGES and not page.json:
                # What is sent from this page is answered in its language, and so are the pages that follow.
                visit.speak(asked)
            return await page.get(visit)
        except RuleBroken as error:
            if page.json:
                return visit.refusal(error)
            here = page.audience
            return visit.page("refused.html", int(error.status), rule=error, layout=here.layout, back=here.back)
        finally:
            # Files that came with a form are let go, whatever became of it.
            await request.close()

    return answer


def _take(buckets: Sequence[Buckets], request: Request) -> None:
    for bucket in buckets:
        caller = None if bucket.limit.per == "all" else request.client.host if request.client else ""
        empty = bucket.take(caller)
        if empty is not None:
            raise TooManyRequests(retry_after_seconds=empty.wait_seconds(bucket.limit))


async def _session(site: Site, audience: Audience, request: Request) -> PageSession | None:
    cookie = request.cookies.get(cookie_name(site, audience.kind)) if audience.kind else None
    return await find_session(site.database, audience.kind, cookie, audience.life) if cookie else None


def _led_elsewhere(visit: Visit, page: PageRoute) -> Response:
    """Lead to where one signs in; what was read goes on from there, what was sent is sent again by the person."""
    if page.json:
        return visit.json({"code": "signed_out", "go": page.audience.otherwise}, HTTPStatus.UNAUTHORIZED)
    separator = "&" if "?" in page.audience.otherwise else "?"
    path = visit.request.url.path + (f"?{visit.request.url.query}" if visit.request.url.query else "")
    back = f"{separator}next={quote(path)}" if visit.request.method == "GET" else ""
    return visit.go(page.audience.otherwise + back)


def speech_of(site: Site, request: Request) -> Speech:
    """Return the language of a request: `?lang=`, the one chosen before, or the browser's."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return site.languages.speech(chosen, request.headers.get("accept-language", ""))


class _StrictHeaders:
    """Adds the headers of the policy to every answer, errors included."""

    def __init__(self, app: ASGIApp, features: dict[str, frozenset[str]]) -> None:
        self._app = app
        self._features = {path: _allowing(allowed) for path, allowed in features.items()}
        self._none = _allowing(frozenset())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                allowed = self._features.get(scope.get(_PAGE, ""), self._none)
                message["headers"] = [*message["headers"], *_HEADERS, *allowed]
            await send(message)

        await self._app(scope, receive, strict)


def _allowing(allowed: frozenset[str]) -> list[tuple[bytes, bytes]]:
    """Return the headers that say what a page may do: by default nothing that asks people for something."""
    permissions = ", ".join(f"{name}=({'self' if name in allowed else ''})" for name in _FEATURES)
    scripts = "script-src 'self' 'wasm-unsafe-eval'" if "camera" in allowed else "script-src 'self'"
    policy = _POLICY.replace("script-src 'self'", scripts)
    return [(b"content-security-policy", policy.encode()), (b"permissions-policy", permissions.encode())]


class _Errors:
    """What is shown where no page answers."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def _page(self, request: Request, template: str, status: int, **values: object) -> HTMLResponse:
        speech = speech_of(self._site, request)
        html = self._site.templates.render(template, speech, visit=None, once=str, **values)
        return HTMLResponse(html, status, _NO_STORE)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """Show a page for what Starlette refuses: unknown addresses and methods."""
        assert isinstance(error, HTTPException)
        page = self._page(request, "missing.html", error.status_code)
        page.headers.update(error.headers or {})
        return page

    async def broken_rule(self, request: Request, error: Exception) -> Response:
        """Show which rule said no, and what to do next."""
        assert isinstance(error, RuleBroken)
        template = "missing.html" if isinstance(error, NotFound) else "refused.html"
        page = self._page(request, template, int(error.status), rule=error, layout="base.html", back="/")
        if isinstance(error, TooManyRequests):
            page.headers["retry-after"] = str(error.facts["retry_after_seconds"])
        return page

    async def unavailable(self, request: Request, error: Exception) -> Response:
        """Say that the database is away."""
        page = self._page(request, "away.html", HTTPStatus.SERVICE_UNAVAILABLE, reason=str(error))
        page.headers["retry-after"] = "5"
        return page

    async def gone(self, request: Request, error: Exception) -> Response:
        """Answer whoever left while sending: nobody hears it, and it is no fault that a log should hold."""
        return Response(status_code=HTTPStatus.BAD_REQUEST)

    async def fault(self, request: Request, error: Exception) -> Response:
        """Say that this was our fault; Starlette passes the error on to the server's log."""
        return self._page(request, "fault.html", HTTPStatus.INTERNAL_SERVER_ERROR)
