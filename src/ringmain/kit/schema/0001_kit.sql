-- What every slice stands on: roles, row-level security, the outbox and its followers, idempotency keys.
-- PostgreSQL 15 SQL, no extensions.

-- Roles belong to the whole server: another database, or another start at this very moment, may make them too.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['app_network', 'app_merchant', 'worker', 'migrator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;

    -- The migrator owns the tables and must see the rows of every network. Only a role that itself passes row-level
    -- security by may give that right; on a server where the migrating login may not, migrations change no rows.
    IF NOT (SELECT rolbypassrls FROM pg_roles WHERE rolname = 'migrator') THEN
        BEGIN
            ALTER ROLE migrator BYPASSRLS;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE 'the role migrator does not bypass row-level security';
        END;
    END IF;

    -- Since PostgreSQL 16 who makes a role is a member that may hand it on, but may not yet act as it.
    IF NOT pg_has_role(
        current_user, 'migrator',
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END
    ) THEN
        BEGIN
            EXECUTE format('GRANT migrator TO %I', current_user);
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
END
$$;

GRANT USAGE, CREATE ON SCHEMA public TO migrator;
GRANT USAGE ON SCHEMA public TO app_network, app_merchant, worker;
DO $$
BEGIN
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO migrator', current_database());
END
$$;

-- From here on, and in every later migration, the migrator acts: it owns all tables, whoever logs in to migrate.
SET LOCAL ROLE migrator;

-- Puts a table under row-level security by its column network_id.
--   merchant_column  lets the role app_merchant read the rows whose column equals `ringmain.merchant`; null: none.
--   append_only      leaves out the right to UPDATE and DELETE: facts are corrected by adding.
-- A partition gets row-level security and no rights: it is reached only through its parent.
-- Unset settings mean no rows, never an error. The sub-select makes the comparison value a constant of the query.
CREATE PROCEDURE protect_network_table(
    protected regclass, merchant_column text DEFAULT NULL, append_only boolean DEFAULT false
)
LANGUAGE plpgsql
AS $$
DECLARE
    this_network CONSTANT text := 'network_id = (SELECT nullif(current_setting(''ringmain.network'', true), '''')::uuid)';
    this_merchant CONSTANT text := '(SELECT nullif(current_setting(''ringmain.merchant'', true), '''')::uuid)';
    rights CONSTANT text := CASE WHEN append_only THEN 'SELECT, INSERT' ELSE 'SELECT, INSERT, UPDATE, DELETE' END;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    IF (SELECT relispartition FROM pg_class WHERE oid = protected) THEN
        RETURN;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = protected AND attname = 'network_id' AND atttypid = 'uuid'::regtype AND attnotnull
    ) THEN
        RAISE EXCEPTION 'table % has no column "network_id uuid NOT NULL"', protected;
    END IF;
    EXECUTE format(
        'CREATE POLICY of_network ON %s TO app_network, worker USING (%s) WITH CHECK (%s)',
        protected, this_network, this_network
    );
    EXECUTE format('GRANT %s ON %s TO app_network, worker', rights, protected);
    IF merchant_column IS NOT NULL THEN
        EXECUTE format(
            'CREATE POLICY of_merchant ON %s FOR SELECT TO app_merchant USING (%s AND %I = %s)',
            protected, this_network, merchant_column, this_merchant
        );
        EXECUTE format('GRANT SELECT ON %s TO app_merchant', protected);
    END IF;
END
$$;
REVOKE EXECUTE ON PROCEDURE protect_network_table FROM PUBLIC;

-- One row per transaction and kind of fact. Identity values alone would skip rows that commit late, so followers read
-- in the order (txid, id), below the oldest transaction that still runs (the snapshot's xmin).
CREATE TABLE outbox (
    network_id  uuid        NOT NULL,
    txid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    kind        text        NOT NULL,
    ids         uuid[]      NOT NULL CHECK (cardinality(ids) > 0),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (network_id, txid, id)
);
CALL protect_network_table('outbox');
REVOKE UPDATE ON outbox FROM app_network, worker;
REVOKE DELETE ON outbox FROM app_network;

-- How far a follower has read. `epoch` is the server's at that time: in another epoch (after a dump and restore)
-- transaction ids mean other transactions, and the follower must begin anew instead of skipping facts.
CREATE TABLE follower_cursor (
    network_id uuid   NOT NULL,
    follower   text   NOT NULL,
    epoch      text   NOT NULL,
    txid       xid8   NOT NULL,
    id         bigint NOT NULL,
    PRIMARY KEY (network_id, follower)
);
CALL protect_network_table('follower_cursor');

-- The first answer of every write, kept for ever. Rows are inserted once, with the answer, by the transaction that
-- did the work: the primary key is the guard. `payload_hash` is a keyed hash of the request.
CREATE TABLE idempotency_key (
    network_id   uuid        NOT NULL,
    principal_id uuid        NOT NULL,
    operation    integer     NOT NULL,  -- derived from the name of the operation
    key          text        NOT NULL COLLATE "C" CHECK (length(key) BETWEEN 1 AND 255),
    payload_hash bytea       NOT NULL CHECK (octet_length(payload_hash) = 16),
    answered_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    code         text        NOT NULL,
    answer       jsonb       NOT NULL,
    PRIMARY KEY (network_id, principal_id, operation, key)
);
CALL protect_network_table('idempotency_key', append_only => true);

-- One row. Renew it after every restore that may have lost transactions (point in time, or from a file):
--   UPDATE cluster_epoch SET epoch = gen_random_uuid();
CREATE TABLE cluster_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch    uuid    NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO cluster_epoch DEFAULT VALUES;
GRANT SELECT ON cluster_epoch TO app_network, app_merchant, worker;

-- The epoch that cursors store. The server's own identifier is part of it, so that data restored from a dump into
-- another server is noticed even when nobody renewed the row.
CREATE FUNCTION current_epoch() RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT epoch::text || '/' || (SELECT system_identifier FROM pg_control_system())::text FROM cluster_epoch
$$;

-- The migrations that were applied, with the SHA-256 of their text: an edited file is noticed.
CREATE TABLE applied_migration (
    name       text        PRIMARY KEY,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
