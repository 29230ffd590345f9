"""Row-level security: what each role sees and may do, and the audit that no table is left out (T12)."""

import time
import uuid
from collections.abc import Callable

import psycopg
import pytest

from ringmain.kit.migrate import (
    PowerfulRole,
    Urls,
    migrate,
    refuse_powerful_login,
    refuse_powerful_role,
)
from ringmain.kit.postgres import ServerAddress
from tests.kit.databases import (
    DEFINERS,
    KIT,
    MERCHANT,
    NETWORK,
    OTHER_INDEXES,
    OTHER_MERCHANT,
    OTHER_NETWORK,
    THING,
    WITHOUT_NETWORK,
    as_role,
    ask,
    audit,
    migration,
)

# -------------------------------------------------------------------------------------------------------- application


def test_application_login_is_not_powerful(kit_urls: Urls) -> None:
    """The login is bound by row-level security and, without a role, may do nothing."""
    refuse_powerful_login(kit_urls.application_url)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(kit_urls.application_url, "SELECT count(*) FROM outbox")


def test_powerful_logins_are_refused(kit_urls: Urls, server_address: ServerAddress) -> None:
    """A superuser, a role with BYPASSRLS and the owner of tables are refused, each with its reason."""
    with psycopg.connect(kit_urls.migration_url) as connection:
        with pytest.raises(PowerfulRole, match="connect as postgres, which is a superuser"):
            refuse_powerful_role(connection)
        connection.execute("SET ROLE app_network")
        with pytest.raises(PowerfulRole, match="connect as postgres, which is a superuser"):
            refuse_powerful_role(connection)
    reasons = {"BYPASSRLS": "has BYPASSRLS", "NOBYPASSRLS": "owns tables", "IN ROLE migrator": "may become migrator"}
    for rights, reason in reasons.items():
        name = f"login_{uuid.uuid4().hex}"
        ask(kit_urls.migration_url, f"CREATE ROLE {name} LOGIN PASSWORD 'p' {rights}")
        if reason == "owns tables":
            ask(kit_urls.migration_url, f"CREATE TABLE of_{name} (); ALTER TABLE of_{name} OWNER TO {name}")
        ask(kit_urls.migration_url, f"GRANT CONNECT ON DATABASE {database_of(kit_urls)} TO {name}")
        url = server_address.url(database_of(kit_urls)).replace("postgres:", f"{name}:")
        with (
            psycopg.connect(url.replace(server_address.password, "p")) as connection,
            pytest.raises(PowerfulRole, match=reason),
        ):
            refuse_powerful_role(connection)


def database_of(urls: Urls) -> str:
    """Return the name of the database."""
    return str(psycopg.conninfo.conninfo_to_dict(urls.migration_url)["dbname"])


# -------------------------------------------------------------------------------------------------- row-level security


@pytest.fixture
def things(kit_urls: Urls) -> Urls:
    """Give a database with a table of two networks and two merchants, one row for each pair."""
    migrate(
        kit_urls.migration_url,
        [*KIT, migration("0100_thing", THING + "CALL protect_network_table('thing', 'merchant_id');")],
    )
    rows = [(n, m.int, m) for n in (NETWORK, OTHER_NETWORK) for m in (MERCHANT, OTHER_MERCHANT)]
    with psycopg.connect(kit_urls.migration_url) as connection:
        connection.cursor().executemany("INSERT INTO thing VALUES (%s, %s, %s)", rows)
    return kit_urls


@pytest.mark.parametrize("role", ["app_network", "worker"])
def test_role_sees_and_changes_its_network_only(things: Urls, role: str) -> None:
    """With a network set its rows can be read and changed, another's neither, and no row can be moved there."""
    with as_role(things, role, NETWORK) as connection:
        assert connection.execute("SELECT id FROM thing ORDER BY id").fetchall() == [(11,), (12,)]
        assert connection.execute("UPDATE thing SET id = id + 100").rowcount == 2
        assert connection.execute("DELETE FROM thing WHERE id = 111").rowcount == 1
        for statement in (
            "INSERT INTO thing VALUES (%(other)s, 5, %(other)s)",
            "UPDATE thing SET network_id = %(other)s",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute(statement, {"other": OTHER_NETWORK})
    assert ask(things.migration_url, "SELECT count(*) FROM thing WHERE network_id = %s", OTHER_NETWORK) == [(2,)]


@pytest.mark.parametrize("role", ["app_network", "app_merchant", "worker"])
def test_unset_network_means_nothing_not_an_error(things: Urls, role: str) -> None:
    """Without a network, or with an empty one, a query returns no row."""
    with as_role(things, role) as connection:
        assert connection.execute("SELECT * FROM thing").fetchall() == []
        connection.execute("SELECT set_config('ringmain.network', '', false)")
        assert connection.execute("SELECT * FROM thing").fetchall() == []


def test_merchant_reads_its_own_rows_only(things: Urls) -> None:
    """The role of consoles reads what belongs to its network and merchant, and writes nothing."""
    with as_role(things, "app_merchant", NETWORK, MERCHANT) as connection:
        assert connection.execute("SELECT id FROM thing").fetchall() == [(11,)]
        for statement in ("UPDATE thing SET id = 1", "DELETE FROM thing", "INSERT INTO thing VALUES (null, 1, null)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                connection.execute(statement.encode())
    with as_role(things, "app_merchant", NETWORK) as connection:
        assert connection.execute("SELECT id FROM thing").fetchall() == []


def test_table_without_merchant_is_closed_to_merchants(kit_urls: Urls) -> None:
    """Where no merchant column was named, the role of consoles has no right at all."""
    with (
        as_role(kit_urls, "app_merchant", NETWORK, MERCHANT) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
    ):
        connection.execute("SELECT * FROM outbox")


def test_append_only_table_takes_no_update_and_no_delete(kit_urls: Urls) -> None:
    """A table of facts takes rows, and refuses to change or lose them."""
    text = THING + "CALL protect_network_table('thing', append_only => true);"
    migrate(kit_urls.migration_url, [*KIT, migration("0100_thing", text)])
    with as_role(kit_urls, "app_network", NETWORK) as connection:
        connection.execute("INSERT INTO thing VALUES (%s, 1, %s)", [NETWORK, MERCHANT])
        for statement in ("UPDATE thing SET id = 2", "DELETE FROM thing", "TRUNCATE thing"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                connection.execute(statement.encode())
        assert connection.execute("SELECT id FROM thing").fetchall() == [(1,)]


def test_partition_is_reached_through_its_parent_only(kit_urls: Urls) -> None:
    """Rows go through the parent under its policy; the partition itself opens to nobody."""
    text = """
    CREATE TABLE part (network_id uuid NOT NULL, id integer NOT NULL, PRIMARY KEY (network_id, id))
    PARTITION BY RANGE (id);
    CREATE TABLE part_all PARTITION OF part DEFAULT;
    CALL protect_network_table('part');
    CALL protect_network_table('part_all');
    """
    migrate(kit_urls.migration_url, [*KIT, migration("0100_part", text)])
    with as_role(kit_urls, "app_network", NETWORK) as connection:
        connection.execute("INSERT INTO part VALUES (%s, 1)", [NETWORK])
        assert connection.execute("SELECT id FROM part").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute("SELECT id FROM part_all")


def test_table_without_network_cannot_be_protected(kit_urls: Urls) -> None:
    """A table that lacks the column network_id is refused by name."""
    text = "CREATE TABLE lost (id integer PRIMARY KEY); CALL protect_network_table('lost');"
    with pytest.raises(psycopg.errors.RaiseException, match="table lost has no column"):
        migrate(kit_urls.migration_url, [*KIT, migration("0100_lost", text)])


def test_idempotency_keys_are_bounded(kit_urls: Urls) -> None:
    """A key has 1 to 255 characters and a hash of 16 bytes; the second row of a key is refused."""
    row = "INSERT INTO idempotency_key VALUES (%s, %s, 1, %s, %s, now(), 'done', '{}')"
    with as_role(kit_urls, "app_network", NETWORK) as connection:
        connection.execute(row, [NETWORK, MERCHANT, "k" * 255, bytes(16)])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(row, [NETWORK, MERCHANT, "k" * 255, bytes(16)])
        for key, payload_hash in (("", bytes(16)), ("k" * 256, bytes(16)), ("k", bytes(15))):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(row, [NETWORK, MERCHANT, key, payload_hash])


def test_outbox_keeps_transactions_in_order(kit_urls: Urls) -> None:
    """Rows carry the transaction that wrote them; nobody edits them, and only the worker clears them away."""
    with as_role(kit_urls, "app_network", NETWORK) as connection:
        for kind in ("first", "second"):
            connection.execute(
                "INSERT INTO outbox (network_id, kind, ids) VALUES (%s, %s, %s)", [NETWORK, kind, [MERCHANT]]
            )
        # Transaction ids belong to the whole server: another worker's transaction may hold the oldest back.
        kinds: list[tuple[str]] = []
        for _ in range(200):
            kinds = connection.execute(
                "SELECT kind FROM outbox WHERE txid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY txid, id"
            ).fetchall()
            if len(kinds) == 2:
                break
            time.sleep(0.05)
        assert kinds == [("first",), ("second",)]
        for statement in ("UPDATE outbox SET kind = 'x'", "DELETE FROM outbox"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    with as_role(kit_urls, "worker", NETWORK) as connection:
        assert connection.execute("DELETE FROM outbox").rowcount == 2


def test_epoch_names_the_server_and_can_be_renewed(kit_urls: Urls) -> None:
    """The epoch contains the server's identifier and a random id that the documented statement renews."""
    with as_role(kit_urls, "app_network") as connection:
        (before,) = connection.execute("SELECT current_epoch()").fetchone() or ("",)
        ask(kit_urls.migration_url, "UPDATE cluster_epoch SET epoch = gen_random_uuid()")
        (after,) = connection.execute("SELECT current_epoch()").fetchone() or ("",)
    assert before != after
    assert before.split("/")[1] == after.split("/")[1]
    with pytest.raises(psycopg.errors.UniqueViolation):
        ask(kit_urls.migration_url, "INSERT INTO cluster_epoch DEFAULT VALUES")


def test_every_table_of_every_slice_is_protected(new_database: Callable[[], Urls]) -> None:
    """T12: forced row-level security everywhere but in the named tables; no views, functions or roles around it."""
    assert audit(new_database().migration_url) == []


def test_lists_of_exceptions_name_only_what_exists(database_urls: Urls) -> None:
    """An exception whose table, function or index is gone is no longer an exception."""
    existing = """SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"""
    names = {name for (name,) in ask(database_urls.migration_url, existing)}
    assert {*WITHOUT_NETWORK, *DEFINERS, *OTHER_INDEXES} - names == set()


_PLANTED = {
    "CREATE TABLE open_one (id integer)": ["table open_one has no forced row-level security"],
    "CREATE TABLE open_one (id integer); ALTER TABLE open_one ENABLE ROW LEVEL SECURITY": [
        "table open_one has no forced row-level security",
        "table open_one has no policy",
    ],
    "ALTER TABLE outbox NO FORCE ROW LEVEL SECURITY": ["table outbox has no forced row-level security"],
    "DROP POLICY of_network ON outbox": ["table outbox has no policy"],
    "CREATE POLICY loose ON outbox TO app_network USING (true)": [
        "policy loose of outbox does not look at the network"
    ],
    "CREATE VIEW around AS SELECT * FROM outbox": ["view around is not security_invoker"],
    "CREATE MATERIALIZED VIEW around AS SELECT * FROM outbox": [
        "materialised view around passes row-level security by"
    ],
    "CREATE FUNCTION around() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": [
        "function around is SECURITY DEFINER",
        "function around is SECURITY DEFINER without a search_path of its own",
    ],
    "ALTER TABLE outbox OWNER TO app_network": ["role app_network owns outbox", "role app_network owns outbox_id_seq"],
    "GRANT SELECT ON outbox TO PUBLIC": ["everybody may use outbox"],
    "CREATE INDEX loose ON outbox (kind)": ["index loose does not begin with network_id"],
}


@pytest.mark.parametrize("fault", list(_PLANTED))
def test_audit_finds_a_planted_fault(kit_urls: Urls, fault: str) -> None:
    """Control: each fault, planted into a sound database, is found and named; a sound view is not."""
    assert audit(kit_urls.migration_url) == []
    ask(kit_urls.migration_url, "CREATE VIEW sound WITH (security_invoker = true) AS SELECT * FROM outbox")
    assert audit(kit_urls.migration_url) == []
    ask(kit_urls.migration_url, fault)
    found = [finding for finding in audit(kit_urls.migration_url) if "outbox_pkey" not in finding]
    assert found == _PLANTED[fault]
