-- What the limits need beside the tables of the application: ids that both sides can compute, and the tills.

CREATE SCHEMA IF NOT EXISTS bench;

-- The id of the voucher of a number: a UUIDv7 whose time grows with the number, a thousand per millisecond from a fixed
-- day on, and whose other bits are scattered. The load generator computes the same (entry/bench/stage.py).
CREATE OR REPLACE FUNCTION bench.voucher_id(n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (lpad(to_hex(1750000000000 + n / 1000), 12, '0') || '7' || substr(md5(n::text), 1, 3)
            || '8' || substr(md5(n::text), 4, 15))::uuid
$$;

CREATE OR REPLACE FUNCTION bench.voucher_secret(n bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT decode(md5('secret ' || n::text), 'hex') $$;

-- The member of a number and their subject, which carries no time.
CREATE OR REPLACE FUNCTION bench.member_id(n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (lpad(to_hex(1700000000000 + n / 1000), 12, '0') || '7' || substr(md5('member ' || n::text), 1, 3)
            || '8' || substr(md5('member ' || n::text), 4, 15))::uuid
$$;

CREATE OR REPLACE FUNCTION bench.subject_id(n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT md5('subject ' || n::text)::uuid $$;

-- A new UUIDv7; PostgreSQL 18 makes them itself.
DO $do$
BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        CREATE OR REPLACE FUNCTION bench.uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
        AS 'SELECT uuidv7()';
    ELSE
        CREATE OR REPLACE FUNCTION bench.uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
        AS $$
            SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
                    || substr(replace(gen_random_uuid()::text, '-', ''), 14, 19))::uuid
        $$;
    END IF;
END
$do$;

-- The till of each client: whose it is, and between which accounts a redemption there moves money.
CREATE TABLE IF NOT EXISTS bench.till (
    client      integer PRIMARY KEY,
    network_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    shop_id     uuid NOT NULL,
    terminal_id uuid NOT NULL,
    held_id     uuid NOT NULL,
    payable_id  uuid NOT NULL,
    spendable_id uuid NOT NULL,
    offer_id    uuid NOT NULL
);

-- The vouchers of a batch, so that a script that can count only can ask for them.
CREATE TABLE IF NOT EXISTS bench.batch (
    number integer PRIMARY KEY,
    client integer NOT NULL,
    ids    uuid[] NOT NULL
);

-- The toy anchor: what a textbook would redeem with.
CREATE TABLE IF NOT EXISTS bench.toy_voucher (id bigint PRIMARY KEY, remaining integer NOT NULL) WITH (fillfactor = 85);
CREATE TABLE IF NOT EXISTS bench.toy_redemption (id uuid PRIMARY KEY, voucher_id bigint NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS bench.toy_ledger (
    id uuid PRIMARY KEY, account integer NOT NULL, amount bigint NOT NULL, redemption_id uuid NOT NULL
);
