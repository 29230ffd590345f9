"""Homes of embedded servers, made once and copied for each test; databases with the kit's tables alone or none."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ringmain.kit.migrate import (
    Urls,
    prepare_database,
)
from ringmain.kit.postgres import (
    AlreadyOwned,
    EmbeddedServer,
    ServerAddress,
    stop_orphan,
)
from tests.kit.databases import KIT, ask_outside
from tests.kit.homes import FAST, query


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home whose server was made, holds one row and was stopped cleanly: tests start copies of it."""
    home = tmp_path_factory.mktemp("made") / "home"
    with EmbeddedServer(home, FAST) as server:
        query(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    return home


@pytest.fixture
def home(tmp_path: Path, made_home: Path) -> Iterator[Path]:
    """Give a copy of the made home; a server left in it is stopped."""
    copy = tmp_path / "home"
    shutil.copytree(made_home, copy)
    yield copy
    with suppress(AlreadyOwned):
        stop_orphan(copy)


@pytest.fixture
def empty_database(server_address: ServerAddress) -> str:
    """Give the superuser's URL of a database in which nothing is."""
    name = f"empty_{uuid.uuid4().hex}"
    ask_outside(server_address.url("postgres"), f"CREATE DATABASE {name} TEMPLATE template0")
    return server_address.url(name)


@pytest.fixture
def kit_urls(server_address: ServerAddress) -> Urls:
    """Give the URLs of a database with the kit's tables alone."""
    name = f"kit_{uuid.uuid4().hex}"
    return prepare_database(server_address.url("postgres"), name, server_address.application_password, KIT)
