"""The pages of this installation as one application: what they share, and which there are."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp

from ringmain.entry.http import openapi
from ringmain.entry.web import demo, me, merchant, messages, operator, person, segment, serving, signin, till
from ringmain.entry.web.services import Services
from ringmain.entry.web.signin.organisation import organisation_of
from ringmain.entry.web.snapshot import Snapshots
from ringmain.entry.web.start import StartPages
from ringmain.entry.web.styles import PAGES as STYLES
from ringmain.kit.db import Database
from ringmain.kit.pages import Languages, OwnPages, PageRoute, Site, StaticFiles, Templates, application
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.sale.api import TillDoor

_FOLDER = Path(__file__).parents[1]
TEMPLATES = _FOLDER / "templates"
STATIC = _FOLDER / "static"
LOCALES = _FOLDER / "locale"

PAGES: tuple[PageRoute, ...] = (
    *person.PAGES,
    *me.PAGES,
    *messages.PAGES,
    *signin.PAGES,
    *till.PAGES,
    *merchant.PAGES,
    *operator.PAGES,
    *segment.PAGES,
    *serving.PAGES,
    *demo.PAGES,
    *STYLES,
)


def pages(
    settings: Settings,
    database: Database,
    keyring: Keyring,
    *,
    replayed_network: UUID | None,
    demo_network: UUID | None = None,
    door: TillDoor | None = None,
    describe: Callable[[], Mapping[str, Any]] = openapi,
) -> ASGIApp:
    """Return the pages as an ASGI application, for `build_app(..., pages=...)`.

    `replayed_network` is shown to everybody on the start page and lets visitors spend a voucher twice. `demo_network`
    is a made-up one that lives in the present, whose roles anybody may take. `door` is the till's, shared with the API.
    `describe` gives the OpenAPI document of the API reference.
    """
    files = StaticFiles(STATIC)
    languages = Languages(LOCALES, pseudo=settings.development)
    site = Site(
        settings=settings,
        database=database,
        keyring=keyring,
        files=files,
        languages=languages,
        templates=Templates([TEMPLATES], languages, files),
        own_pages=OwnPages(settings.host, settings.public_url),
        services=Services(
            door=door or TillDoor(database, keyring, coalesce=settings.coalesce),
            snapshots=Snapshots(database, replayed_network),
            replayed_network=replayed_network,
            demo_network=demo_network,
            organisation=organisation_of(settings),
        ),
    )
    return application(site, PAGES, StartPages(site, describe).routes)
