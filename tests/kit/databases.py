"""What the tests of migrations and row-level security share: questions to databases, and the audit of T12."""

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from ringmain.kit.migrate import (
    Migration,
    Urls,
    all_migrations,
)
from ringmain.kit.postgres import APPLICATION_USER

NETWORK, OTHER_NETWORK = uuid.UUID(int=1), uuid.UUID(int=2)
MERCHANT, OTHER_MERCHANT = uuid.UUID(int=11), uuid.UUID(int=12)

KIT = [migration for migration in all_migrations() if migration.name in ("0001_kit", "0008_jobs")]
THING = """
CREATE TABLE thing (
    network_id uuid NOT NULL, id integer NOT NULL, merchant_id uuid NOT NULL, PRIMARY KEY (network_id, id)
);
"""


def ask(url: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement in a transaction of its own and return all rows."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []


def as_role(
    urls: Urls, role: str, network: uuid.UUID | None = None, merchant: uuid.UUID | None = None
) -> "psycopg.Connection[tuple[Any, ...]]":
    """Connect as the application does, in a role, with the two settings that the policies read."""
    connection = psycopg.connect(urls.application_url, options=f"-c role={role}", autocommit=True)
    for name, value in (("network", network), ("merchant", merchant)):
        if value:
            connection.execute("SELECT set_config(%s, %s, false)", [f"ringmain.{name}", str(value)])
    return connection


def at_once(calls: Sequence[Callable[[], Any]]) -> list[BaseException | None]:
    """Make all calls at the same time; return what each raised."""
    together = threading.Barrier(len(calls))

    def meet(call: Callable[[], Any]) -> None:
        together.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(meet, call) for call in calls]
    return [future.exception() for future in futures]


def ask_outside(url: str, statement: str) -> None:
    """Run one statement outside any transaction, as CREATE DATABASE wants it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def migration(name: str, text: str) -> Migration:
    """Make a migration that is in no file."""
    return Migration(name, text)


WITHOUT_NETWORK = {
    "alembic_version": "Alembic's own",
    "applied_migration": "the list of files; no rights for the application",
    "cluster_epoch": "one row about the server",
    "key_directory": "says of which network an API key or a pairing code is, before the network is known",
    "scene_directory": "says of which network a scene's token is, before the network is known",
    "account_directory": "says whose an e-mail is, by its keyed hash, before the network is known",
    "sign_in_tries": "counts tries by keyed hashes of e-mails and addresses, before the network is known",
    "sign_in_ticket": "waits for the next step of a sign-in; sealed with what only the browser holds",
    "provider_call": "hashes of calls whose network is not known yet, for some minutes",
    "master_key_fingerprint": "belongs to the installation; holds hashes of keys",
}
"""Tables outside row-level security, each with the reason. The job tables have a schema of their own."""

DEFINERS = {"ensure_sale_partitions": "makes next month's partitions, which only the owner of the table can"}
"""Functions that run with their owner's rights, each with the reason."""

OTHER_INDEXES = {"network_id_key": "network.id is generated from network_id: the same value"}
"""Indexes of protected tables that do not begin with network_id, each with the reason."""

_AUDIT = """
SELECT 'table ' || c.relname || ' has no forced row-level security'
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname <> ALL (%(without_network)s)
UNION ALL
SELECT 'table ' || c.relname || ' has no policy'
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
  AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
UNION ALL
SELECT 'policy ' || p.polname || ' of ' || p.polrelid::regclass || ' does not look at the network'
FROM pg_policy p
WHERE coalesce(pg_get_expr(p.polqual, p.polrelid), '') NOT LIKE '%%ringmain.network%%'
UNION ALL
SELECT 'partition ' || c.relname || ' gives rights of its own'
FROM pg_class c, LATERAL aclexplode(c.relacl) a
WHERE c.relispartition AND c.relkind = 'r' AND a.grantee <> c.relowner
UNION ALL
SELECT 'view ' || c.relname || ' is not security_invoker'
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
  AND NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
UNION ALL
SELECT 'materialised view ' || c.relname || ' passes row-level security by'
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'm'
UNION ALL
SELECT 'function ' || p.proname || ' is SECURITY DEFINER'
FROM pg_proc p
WHERE p.pronamespace IN ('public'::regnamespace, 'jobs'::regnamespace) AND p.prosecdef
  AND p.proname <> ALL (%(definers)s)
UNION ALL
SELECT 'function ' || p.proname || ' is SECURITY DEFINER without a search_path of its own'
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search_path=%%')
UNION ALL
SELECT 'role ' || r.rolname || ' owns ' || c.relname
FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
WHERE r.rolname = ANY (%(roles)s) AND c.relkind NOT IN ('i', 'I', 't')
UNION ALL
SELECT 'role ' || r.rolname || ' is powerful'
FROM pg_roles r
WHERE r.rolname = ANY (%(roles)s)
  AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolinherit)
UNION ALL
SELECT 'everybody may use ' || c.relname
FROM pg_class c, LATERAL aclexplode(c.relacl) a
WHERE c.relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace) AND a.grantee = 0
UNION ALL
SELECT 'index ' || i.indexrelid::regclass || ' does not begin with network_id'
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'network_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND i.indkey[0] <> a.attnum
  AND i.indexrelid::regclass::text <> ALL (%(other_indexes)s)
ORDER BY 1
"""


def audit(url: str) -> list[str]:
    """Return everything in a database that row-level security does not bind as it should."""
    roles = ["app_network", "app_merchant", "worker", APPLICATION_USER]
    with psycopg.connect(url) as connection:
        allowed = {"without_network": WITHOUT_NETWORK, "definers": DEFINERS, "other_indexes": OTHER_INDEXES}
        parameters = {name: list(reasons) for name, reasons in allowed.items()} | {"roles": roles}
        return [str(finding) for (finding,) in connection.execute(_AUDIT, parameters)]
