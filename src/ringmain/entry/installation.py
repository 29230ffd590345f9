"""One installation, opened for a command: `up` owns its embedded server, other commands attach to that."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import structlog

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls, migrate, prepare_database, refuse_powerful_login
from ringmain.kit.postgres import APPLICATION_USER, EmbeddedServer, attach, keep_running
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import DATABASE_NAME, Settings
from ringmain.member import api as member

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """What a command works with; the database is open until the command ends."""

    settings: Settings
    urls: Urls
    database: Database
    keyring: Keyring


def attached_urls(settings: Settings) -> Urls:
    """Return the URLs of the database that `up`, or somebody else, is running. Raises `NotRunning` where nobody is."""
    if settings.database_url is not None:
        application = settings.database_url.get_secret_value()
        migration = settings.migration_url.get_secret_value() if settings.migration_url else application
        return Urls(migration, application)
    address = attach(settings.home_folder)
    return Urls(address.url(DATABASE_NAME), address.url(DATABASE_NAME, user=APPLICATION_USER))


@contextmanager
def owned_urls(settings: Settings) -> Iterator[Urls]:
    """Start the embedded server, keep it running, and give the URLs of its migrated database; stop it at the end.

    With `RINGMAIN_DATABASE_URL` nothing is started; migrations are applied where `RINGMAIN_MIGRATION_URL` allows it.
    """
    if settings.database_url is not None:
        urls = attached_urls(settings)
        if settings.migration_url is not None:
            migrate(urls.migration_url)
        yield urls
        return
    with EmbeddedServer(settings.home_folder) as server:
        address = server.start()
        ending = Event()
        watching = Thread(target=keep_running, args=(server, ending, _log.warning), daemon=True)
        watching.start()
        try:
            yield prepare_database(address.url("postgres"), DATABASE_NAME, address.application_password)
        finally:
            # The watcher would take the stop for a death, so it ends first.
            ending.set()
            watching.join()


@asynccontextmanager
async def opened(settings: Settings, urls: Urls) -> AsyncIterator[Installation]:
    """Open the database as the application and the keys that belong to it.

    Raises `PowerfulRole` where the application's login could see more than one network.
    """
    refuse_powerful_login(urls.application_url)
    async with Database(urls.application_url, connections=settings.pool_size) as database:
        async with database.unit(None) as uow:
            keyring = await member.open_keyring(uow, settings.master_key_path)
        yield Installation(settings, urls, database, keyring)
