"""The page: one declaration from which dispatch, the guard at the door and the test of both are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from ringmain.kit.db import Database
from ringmain.kit.http.limits import Limit
from ringmain.kit.pages.languages import Languages
from ringmain.kit.pages.presses import OwnPages
from ringmain.kit.pages.sessions_store import PageSession
from ringmain.kit.pages.static_files import StaticFiles
from ringmain.kit.pages.templates import Templates
from ringmain.kit.secrets import Keyring

# It takes a Visit, which knows its route: naming the type here would make a circle.
Handler = Callable[[Any], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom a page is: the kind of session that is looked for, who is let in, and where everybody else is led.

    What they are refused is shown in `layout`, with the way back to `back`.
    """

    name: str
    kind: str
    life: timedelta
    admits: Callable[[PageSession | None], bool]
    otherwise: str = "/"
    layout: str = "base.html"
    back: str = "/"


@dataclass(frozen=True, kw_only=True)
class PageRoute:
    """One page: its address, for whom it is, and what answers reading (`get`) and sending (`post`).

    `limit` is a rate for what can be guessed, counted by address of the network. `json` says that `post` takes JSON
    from a module of ours instead of a form. `most_bytes` raises the size of a form that carries a file. `features`
    names the powers of the browser that the page uses ("camera", "geolocation"); every other page goes without.
    `harmless` forms change nothing but a cookie, and need no press.
    """

    path: str
    audience: Audience
    get: Handler | None = None
    post: Handler | None = None
    limit: tuple[Limit, ...] = ()
    json: bool = False
    most_bytes: int | None = None
    features: frozenset[str] = frozenset()
    harmless: bool = False

    @property
    def methods(self) -> list[str]:
        """The methods that this page answers."""
        return [name for name, handler in (("GET", self.get), ("POST", self.post)) if handler is not None]


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages share; `services` is whatever the wiring gives to its own handlers."""

    settings: Any
    database: Database
    keyring: Keyring
    files: StaticFiles
    languages: Languages
    templates: Templates
    own_pages: OwnPages
    services: Any = None

    @property
    def secure(self) -> bool:
        """Whether people reach this installation by https, so that cookies never travel in the clear."""
        return str(self.settings.public_url or "").startswith("https://")

    def address(self, request_base: str) -> str:
        """Return the address of this installation for codes and links: the public one, else as it was called."""
        return str(self.settings.public_url or request_base).rstrip("/")
