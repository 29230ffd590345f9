"""Sessions of pages: found by their cookie and by nothing else, ended at once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.pages.sessions import (
    PageSession,
    change_facts,
    end_session,
    end_sessions_of,
    find_session,
    open_session,
    sessions_of,
)

LIFE = timedelta(days=1)


async def _opened(database: Database) -> tuple[PageSession, str]:
    async with database.unit(uuid4()) as uow:
        return await open_session(uow, "till", uuid4(), LIFE, {"role": "cashier"})


async def test_a_session_is_found_by_its_cookie(database_urls: Urls) -> None:
    """The cookie leads to the session with its facts; another kind, another secret or a broken one does not."""
    async with Database(database_urls.application_url) as database:
        session, cookie = await _opened(database)
        found = await find_session(database, "till", cookie, LIFE)
        assert found == session
        assert found is not None
        assert found.facts == {"role": "cashier"}
        forged = cookie[:-8] + ("AAAAAAAA" if cookie[-8:] != "AAAAAAAA" else "BBBBBBBB")
        for kind, text in [("phone", cookie), ("till", forged), ("till", cookie[:-2]), ("till", "é"), ("till", "")]:
            assert await find_session(database, kind, text, LIFE) is None


async def test_the_secret_is_not_in_the_database(database_urls: Urls) -> None:
    """What is kept of a cookie is a hash, so that a copy of the database opens no session."""
    async with Database(database_urls.application_url) as database:
        session, cookie = await _opened(database)
        async with database.unit(session.network_id) as uow:
            rows = await uow.rows(dict, "SELECT page_session::text AS text FROM page_session")
        assert len(rows) == 1
        assert cookie[-40:] not in rows[0]["text"]


async def test_a_session_ends_at_once_and_by_time(database_urls: Urls) -> None:
    """Ended by its holder, or past its time, it is found no more; the others of the holder live on."""
    async with Database(database_urls.application_url) as database:
        session, cookie = await _opened(database)
        assert session.holder_id is not None
        async with database.unit(session.network_id) as uow:
            _, other = await open_session(uow, "till", session.holder_id, LIFE)
            await end_session(uow, session.id)
        assert await find_session(database, "till", cookie, LIFE) is None
        assert await find_session(database, "till", other, LIFE) is not None
        async with database.unit(session.network_id) as uow:
            assert len(await sessions_of(uow, "till", session.holder_id)) == 1
            await end_sessions_of(uow, "till", session.holder_id)
        assert await find_session(database, "till", other, LIFE) is None
        async with database.unit(session.network_id, now=datetime.now(tz=UTC) - 2 * LIFE) as uow:
            _, old = await open_session(uow, "till", session.holder_id, LIFE)
        assert await find_session(database, "till", old, LIFE) is None


async def test_a_used_session_lives_on(database_urls: Urls) -> None:
    """Used after more than an hour, it lives for its whole life from then; within the hour nothing is written."""
    async with Database(database_urls.application_url) as database:
        network_id, holder_id = uuid4(), uuid4()
        async with database.unit(network_id, now=datetime.now(tz=UTC) - timedelta(hours=20)) as uow:
            session, cookie = await open_session(uow, "till", holder_id, LIFE)
        assert await find_session(database, "till", cookie, LIFE) is not None
        again = await find_session(database, "till", cookie, LIFE)
        assert again is not None
        assert again.expires_at > session.expires_at + timedelta(hours=19)
        third = await find_session(database, "till", cookie, LIFE)
        assert third is not None
        assert third.seen_at == again.seen_at


async def test_facts_are_changed_and_left_out(database_urls: Urls) -> None:
    """A changed fact is seen at the next request; one that becomes None is gone."""
    async with Database(database_urls.application_url) as database:
        async with database.unit(uuid4()) as uow:
            session, cookie = await open_session(uow, "till", None, LIFE, {"a": "1"})
            await change_facts(uow, session, b="2")
        found = await find_session(database, "till", cookie, LIFE)
        assert found is not None
        assert found.facts == {"a": "1", "b": "2"}
        async with database.unit(session.network_id) as uow:
            await change_facts(uow, found, a=None)
        gone = await find_session(database, "till", cookie, LIFE)
        assert gone is not None
        assert gone.facts == {"b": "2"}
