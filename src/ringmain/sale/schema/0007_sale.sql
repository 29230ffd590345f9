-- Sales: facts, partitioned by the month that their UUIDv7 ids carry.

CREATE TABLE sale (
    network_id     uuid NOT NULL,
    id             uuid NOT NULL,       -- UUIDv7 of the time of the sale
    merchant_id    uuid NOT NULL,
    shop_id        uuid NOT NULL,
    terminal_id    uuid,
    subject_id     uuid,
    receipt        text,                -- the till's own number
    minimal        boolean NOT NULL,    -- the till knew only a voucher code
    total_minor    bigint NOT NULL,     -- price of the goods before vouchers; negative for a return
    redeemed_minor bigint NOT NULL DEFAULT 0 CHECK (redeemed_minor >= 0),
    currency       text COLLATE "C" NOT NULL,
    tenders        jsonb,               -- [{"kind": "card", "amount_minor": 900}]
    sold_at        timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX sale_by_subject ON sale (network_id, subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX sale_by_shop ON sale (network_id, shop_id, id);

CREATE TABLE sale_line (
    network_id   uuid NOT NULL,
    sale_id      uuid NOT NULL,
    line_no      integer NOT NULL,
    product      text COLLATE "C" NOT NULL,
    category     text,
    quantity     bigint NOT NULL,       -- thousandths of a unit, so that weights stay exact
    amount_minor bigint NOT NULL,
    PRIMARY KEY (network_id, sale_id, line_no)
) PARTITION BY RANGE (sale_id);

-- A sale is never edited: a refund, or what a till learnt later of a minimal sale, is added.
CREATE TABLE sale_change (
    network_id   uuid NOT NULL,
    id           uuid NOT NULL,
    sale_id      uuid NOT NULL,
    merchant_id  uuid NOT NULL,
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('refund', 'completion')),
    amount_minor bigint NOT NULL,
    detail       jsonb NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
);
CREATE INDEX sale_change_by_sale ON sale_change (network_id, sale_id);

-- How far each import of a file has come: written with every piece, so that an interrupted one goes on where it was.
CREATE TABLE sale_import (
    network_id   uuid NOT NULL,
    id           uuid NOT NULL,
    source       bytea NOT NULL CHECK (octet_length(source) = 16),  -- hash of the file, its mapping and the merchant
    file_name    text NOT NULL,
    merchant_id  uuid,
    next_offset  bigint NOT NULL,       -- where the next row begins: byte of a CSV, row of a Parquet file
    next_line    bigint NOT NULL,
    after_broken boolean NOT NULL,      -- the row before the next one could not be read
    report_bytes bigint NOT NULL,       -- how much of the report of refused rows is certain
    counts       jsonb NOT NULL,
    started_at   timestamptz NOT NULL,
    moved_at     timestamptz NOT NULL,
    finished_at  timestamptz,
    PRIMARY KEY (network_id, id)
);
CREATE INDEX sale_import_unfinished ON sale_import (network_id, source) WHERE finished_at IS NULL;

-- Partitions are made ahead, by month; a sale outside them lands in the default one and is never lost.
CREATE TABLE sale_default PARTITION OF sale DEFAULT;
CREATE TABLE sale_line_default PARTITION OF sale_line DEFAULT;

CALL protect_network_table('sale', 'merchant_id', append_only => true);
CALL protect_network_table('sale_line', append_only => true);
CALL protect_network_table('sale_change', 'merchant_id', append_only => true);
CALL protect_network_table('sale_import', 'merchant_id');
CALL protect_network_table('sale_default');
CALL protect_network_table('sale_line_default');

-- The smallest UUIDv7 of a time: its first 48 bits are milliseconds since 1970.
CREATE FUNCTION first_uuid7(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE
AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the missing monthly partitions from one time to another. The application may not make tables, so this runs with
-- its owner's rights; it takes nothing but two times. Months for which rows wait in the default partition are left alone.
CREATE FUNCTION ensure_sale_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    month timestamptz := date_trunc('month', from_time, 'UTC');
    upper_bound timestamptz;
    parent text;
    partition text;
    made integer := 0;
BEGIN
    IF to_time - from_time > interval '20 years' THEN
        RAISE EXCEPTION 'partitions are made for twenty years at most';
    END IF;
    -- Two processes that start at once must not make the same table.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_sale_partitions'));
    WHILE month <= to_time LOOP
        upper_bound := month + interval '1 month';
        FOREACH parent IN ARRAY ARRAY['sale', 'sale_line'] LOOP
            partition := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
            IF to_regclass(partition) IS NULL THEN
                BEGIN
                    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                                   partition, parent, first_uuid7(month), first_uuid7(upper_bound));
                    EXECUTE format('CALL protect_network_table(%L)', partition);
                    made := made + 1;
                EXCEPTION WHEN check_violation THEN
                    RAISE NOTICE '% has rows in the default partition', partition;
                END;
            END IF;
        END LOOP;
        month := upper_bound;
    END LOOP;
    RETURN made;
END
$$;
REVOKE EXECUTE ON FUNCTION ensure_sale_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_sale_partitions TO app_network, worker;
