"""One request on its way to a page: who asks, in which language, and how the answer is made."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ringmain.kit.audit import ANNOUNCED, Actor, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http.route import operation_number
from ringmain.kit.http.transactions import persist
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pages.forms import MOST_BYTES, Form, FormUnreadable, read_form
from ringmain.kit.pages.languages import Speech
from ringmain.kit.pages.presses import Presses, PressRefused
from ringmain.kit.pages.route import Audience, PageRoute, Site
from ringmain.kit.pages.sessions import end_session, open_session
from ringmain.kit.pages.sessions_store import PageSession
from ringmain.kit.pure.errors import RuleBroken

Answer = TypeVar("Answer")
Sent = TypeVar("Sent")

LANGUAGE_COOKIE = "rm_language"
_LANGUAGE_SECONDS = 365 * 86_400
_NO_STORE = {"cache-control": "no-store"}
_PRESS = "once"


@dataclass(slots=True)
class Visit:
    """What a handler is given. `session` is None where the audience lets in browsers that stand for nobody."""

    site: Site
    route: PageRoute
    request: Request
    speech: Speech
    session: PageSession | None
    _cookies: list[tuple[str, str, int]] = field(default_factory=list)
    _form: Form | None = None

    # ------------------------------------------------------------------------------------------------------ who asks

    @property
    def known(self) -> PageSession:
        """The session; the audience of the page has made sure that there is one."""
        assert self.session is not None
        return self.session

    @property
    def network_id(self) -> UUID:
        """The network of the session."""
        return self.known.network_id

    @property
    def holder_id(self) -> UUID:
        """Whom the session stands for; the audience of the page has made sure that somebody is known."""
        assert self.known.holder_id is not None
        return self.known.holder_id

    def path_id(self, name: str) -> UUID:
        """Return a path parameter declared as `{name:uuid}`."""
        value = self.request.path_params[name]
        assert isinstance(value, UUID)
        return value

    def path_text(self, name: str) -> str:
        """Return a path parameter."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """Return a parameter of the address, empty where it is missing."""
        return self.request.query_params.get(name, "").strip()

    @property
    def base_url(self) -> str:
        """The address under which links in codes and messages lead here."""
        return self.site.address(str(self.request.base_url))

    @property
    def by_htmx(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.request.headers.get("hx-request") == "true"

    # ------------------------------------------------------------------------------------------------- the database

    @asynccontextmanager
    async def unit(self, network_id: UUID | None = None) -> AsyncIterator[UnitOfWork]:
        """Open a transaction of the session's network, or of the one named; it commits at the end."""
        async with self.site.database.unit(network_id or self.network_id) as uow:
            yield uow

    @asynccontextmanager
    async def merchant_unit(self, merchant_id: UUID) -> AsyncIterator[UnitOfWork]:
        """Open a reading transaction in which the database itself shows the rows of one merchant only."""
        async with self.site.database.unit(self.network_id, role="app_merchant", merchant_id=merchant_id) as uow:
            yield uow

    async def once(
        self,
        operation: str,
        act: Callable[[UnitOfWork], Awaitable[Answer]],
        kept: Any,
        *,
        network_id: UUID | None = None,
        key: str | None = None,
        sent: Any = None,
    ) -> Answer:
        """Do what a form asks for in one transaction, once, however often it is sent; returns the first answer.

        `kept` is the answer's type, which is stored with the key: ids and codes, no personal data. The key is the press
        of the page's form (a double tap, a reload or the way back sends the same), or `key` with what was `sent` for
        modules of ours that make their own. Other fields under the same press are another wish. A `RuleBroken` is
        raised and leaves nothing behind. What an account does leaves an entry in the audit log by itself, under
        `operation`; an `act` that calls `audit` leaves its own instead.
        """
        content = self._content() if key is None else msgspec.json.encode(sent)
        digest = hashlib.blake2b(content, digest_size=16, key=self.site.keyring.derived("page form")).digest()
        principal = self.known.holder_id or self.known.id
        name = f"{self.press()}:{digest.hex()}" if key is None else key
        keyed: Keyed[None] = Keyed(principal, name, digest, None)

        async def attempt() -> Answer:
            async with self.unit(network_id) as uow:

                async def decide(uow: UnitOfWork, _: object) -> list[Answer | RuleBroken]:
                    answer = await act(uow)
                    await self._note(uow, operation, answer)
                    return [answer]

                answer = (await answer_once(uow, operation_number(operation), [keyed], decide, kept))[0]
                if isinstance(answer, RuleBroken):
                    raise answer
                return answer

        return await persist(attempt)

    async def _note(self, uow: UnitOfWork, operation: str, answer: object) -> None:
        """Leave an entry in the audit log of what an account did, where `act` has not left a better one itself.

        The object is what the address names last, else the first id of the answer; facts are ids and numbers of the
        answer alone: texts may be anything.
        """
        session = self.known
        if session.kind != "account" or session.holder_id is None or uow.has_recorded(ANNOUNCED):
            return
        fields = {name: getattr(answer, name) for name in getattr(answer, "__struct_fields__", ())}
        facts = {name: value for name, value in fields.items() if isinstance(value, (UUID, int))}
        path = [(name, value) for name, value in self.request.path_params.items() if isinstance(value, UUID)]
        ids = [*path[-1:], *((name, value) for name, value in facts.items() if isinstance(value, UUID))]
        name, object_id = ids[0] if ids else ("page", None)
        kind = name.removesuffix("_id")[:40]
        await audit(uow, Actor("account", session.holder_id), operation[:80], kind, object_id, facts)

    # ---------------------------------------------------------------------------------------------- what was sent

    async def read(self) -> None:
        """Read and check the form, so that `form` has it: sent by a page of ours, within its size, press included."""
        self.site.own_pages.check(self.request.headers)
        self._form = await read_form(self.request, self.route.most_bytes or MOST_BYTES)
        if not self.route.harmless:
            self.press()

    @property
    def form(self) -> Form:
        """The form that was sent; read and checked before the handler runs."""
        assert self._form is not None
        return self._form

    async def sent(self, kind: type[Sent]) -> Sent:
        """Return the JSON that a module of ours sent. Raises `FormUnreadable`."""
        body = await self.request.body()
        if len(body) > (self.route.most_bytes or MOST_BYTES):
            raise FormUnreadable(most_bytes=self.route.most_bytes or MOST_BYTES)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise FormUnreadable(reason=str(error)) from None

    def check_origin(self) -> None:
        """Refuse JSON that another site had a browser send: ours is of a type that foreign forms cannot have."""
        self.site.own_pages.check(self.request.headers)
        if not self.request.headers.get("content-type", "").startswith("application/json"):
            raise PressRefused()

    def new_press(self) -> str:
        """Return a new press, for the hidden field `once` of a form."""
        return self._presses.new()

    @property
    def _presses(self) -> Presses:
        return Presses(self.site.keyring, self.session.id if self.session else None)

    def press(self) -> UUID:
        """Return the press of the form that was sent: the same however often it is sent. Raises `PressRefused`."""
        return self._presses.read(self.form.text(_PRESS))

    def _content(self) -> bytes:
        fields = sorted((name, list(values)) for name, values in self.form.values.items() if name != _PRESS)
        return msgspec.json.encode([self.request.url.path, fields])

    # -------------------------------------------------------------------------------------------------- the answer

    def page(self, template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
        """Return a page. Templates know `visit`, and may write `{{ once() }}` into their forms."""
        html = self.site.templates.render(template, self.speech, visit=self, once=self.new_press, **values)
        return self._dressed(HTMLResponse(html, int(status), _NO_STORE))

    def go(self, path: str) -> Response:
        """Lead on to another page after a form was done, so that a reload repeats nothing."""
        if self.by_htmx:
            return self._dressed(
                Response(status_code=HTTPStatus.NO_CONTENT, headers={**_NO_STORE, "hx-redirect": path})
            )
        return self._dressed(RedirectResponse(path, HTTPStatus.SEE_OTHER, _NO_STORE))

    def json(self, value: Any, status: int = HTTPStatus.OK) -> Response:
        """Return data to a module of ours."""
        body = msgspec.json.encode(value)
        return self._dressed(Response(body, int(status), _NO_STORE, "application/json"))

    def file(self, data: bytes, media_type: str, name: str) -> Response:
        """Return a file to be kept under a name of plain letters."""
        headers = {**_NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
        return self._dressed(Response(data, 200, headers, media_type))

    def refusal(self, error: RuleBroken) -> Response:
        """Return a refusal as JSON for modules of ours: code, why, what to do next, facts."""
        facts = msgspec.json.decode(msgspec.json.encode(error.facts))
        body = {
            "code": error.code,
            "why": self.speech.why(error),
            "next_step": self.speech.next_step(error),
            "facts": facts,
        }
        return self._dressed(JSONResponse(body, int(error.status), _NO_STORE))

    # ---------------------------------------------------------------------------------------------------- sessions

    async def sign_in(
        self,
        uow: UnitOfWork,
        audience: Audience,
        holder_id: UUID | None,
        facts: Mapping[str, Any] | None = None,
        life: timedelta | None = None,
    ) -> PageSession:
        """Open a session of the audience's kind for this browser; the one before ends. The answer sets its cookie."""
        life = life or audience.life
        if (
            self.session is not None
            and self.session.kind == audience.kind
            and self.session.network_id == uow.network_id
        ):
            await end_session(uow, self.session.id)
        session, cookie = await open_session(uow, audience.kind, holder_id, life, facts)
        self._cookies.append((cookie_name(self.site, audience.kind), cookie, int(life.total_seconds())))
        self.session = session
        return session

    async def sign_out(self) -> None:
        """End the session of this browser; the answer takes its cookie away."""
        if self.session is None:
            return
        async with self.unit() as uow:
            await end_session(uow, self.session.id)
        self._cookies.append((cookie_name(self.site, self.session.kind), "", 0))
        self.session = None

    def speak(self, language: str) -> None:
        """Remember a language for this browser."""
        self._cookies.append((LANGUAGE_COOKIE, language, _LANGUAGE_SECONDS))

    def _dressed(self, response: Response) -> Response:
        for name, value, seconds in self._cookies:
            response.set_cookie(
                name, value, max_age=seconds, path="/", secure=self.site.secure, httponly=True, samesite="lax"
            )
        return response


def cookie_name(site: Site, kind: str) -> str:
    """Return the name of the cookie of a kind of session; browsers keep `__Host-` ones to this host and to https."""
    return f"__Host-rm_{kind}" if site.secure else f"rm_{kind}"
