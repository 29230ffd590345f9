-- Leases: a voucher lent to one terminal, which may redeem it without a network (docs/decisions: offline leases).

CREATE TABLE lease (
    network_id   uuid NOT NULL,
    id           uuid NOT NULL,
    voucher_id   uuid NOT NULL,
    number       integer NOT NULL CHECK (number > 0),  -- fencing: of all leases of a voucher, the highest counts
    terminal_id  uuid NOT NULL,
    merchant_id  uuid NOT NULL,
    shop_id      uuid NOT NULL,
    value_minor  bigint NOT NULL CHECK (value_minor >= 0),  -- the most that the terminal can take off with it
    currency     text COLLATE "C" NOT NULL,
    leased_from  timestamptz NOT NULL,
    leased_until timestamptz NOT NULL,   -- until then the terminal may redeem without a network
    free_at      timestamptz NOT NULL,   -- until then nobody else may redeem: time for what was redeemed to arrive
    ended_at     timestamptz,
    how_ended    text COLLATE "C" CHECK (how_ended IN ('spent', 'released', 'over')),
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id),
    UNIQUE (network_id, voucher_id, number),
    CONSTRAINT lease_periods_in_order CHECK (leased_from < leased_until AND leased_until <= free_at),
    CONSTRAINT lease_ended_somehow CHECK ((ended_at IS NULL) = (how_ended IS NULL))
) WITH (fillfactor = 85);
-- A voucher is lent to one terminal at a time.
CREATE UNIQUE INDEX lease_open_once ON lease (network_id, voucher_id) WHERE ended_at IS NULL;
CREATE INDEX lease_by_terminal ON lease (network_id, terminal_id, id) WHERE ended_at IS NULL;
CREATE INDEX lease_by_end ON lease (network_id, free_at, id) WHERE ended_at IS NULL;
CALL protect_network_table('lease', 'merchant_id');

-- The open lease, where there is one: read with the voucher, so that a redemption costs no further statement.
ALTER TABLE voucher
    ADD COLUMN lease_id uuid,
    ADD COLUMN lease_free_at timestamptz,
    ADD CONSTRAINT voucher_leased_until CHECK ((lease_id IS NULL) = (lease_free_at IS NULL));

ALTER TABLE redemption
    ADD COLUMN lease_id uuid,            -- by whose right it was redeemed without a network
    ADD COLUMN used_at timestamptz;      -- when it was, by the till's clock; redeemed_at is when that arrived

-- The last guard of a lease: at the commit, no new redemption of a leased voucher is another terminal's. Its condition
-- is false for vouchers that are not leased, so that they do not pay for it.
CREATE FUNCTION check_lease() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM redemption r JOIN lease l ON l.network_id = r.network_id AND l.id = NEW.lease_id
        WHERE r.network_id = NEW.network_id AND r.voucher_id = NEW.id
          AND r.sequence > OLD.sequence AND r.sequence <= NEW.sequence
          AND r.terminal_id IS DISTINCT FROM l.terminal_id AND r.redeemed_at < NEW.lease_free_at
    ) THEN
        RAISE EXCEPTION 'voucher % is leased to another terminal', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER voucher_lease_respected AFTER UPDATE OF sequence ON voucher
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.lease_id IS NOT NULL AND NEW.sequence > OLD.sequence) EXECUTE FUNCTION check_lease();

-- What a merchant's tills may do without a network; without a row, the defaults of voucher/model/lease.py hold.
CREATE TABLE offline_rule (
    network_id       uuid NOT NULL,
    merchant_id      uuid NOT NULL,
    most_leases      integer NOT NULL CHECK (most_leases >= 0),      -- per terminal
    most_value_minor bigint NOT NULL CHECK (most_value_minor >= 0),  -- per terminal
    lease_minutes    integer NOT NULL CHECK (lease_minutes BETWEEN 1 AND 1440),
    grace_minutes    integer NOT NULL CHECK (grace_minutes BETWEEN 0 AND 4320),
    accept_anyway    boolean NOT NULL,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (network_id, merchant_id)
);
CALL protect_network_table('offline_rule', 'merchant_id');

-- Vouchers that their holders mean to use at a shop: its tills may lease them ahead.
CREATE TABLE prepared_voucher (
    network_id     uuid NOT NULL,
    shop_id        uuid NOT NULL,
    voucher_id     uuid NOT NULL,
    prepared_until timestamptz NOT NULL,
    PRIMARY KEY (network_id, shop_id, voucher_id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);
CREATE INDEX prepared_voucher_by_end ON prepared_voucher (network_id, prepared_until);
CALL protect_network_table('prepared_voucher');

-- What a till took off without a network and nobody pays for: its sale stays, the loss is its merchant's. The voucher
-- may be one that never was, so nothing refers to it.
CREATE TABLE offline_loss (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    sale_id     uuid NOT NULL,
    voucher_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    shop_id     uuid NOT NULL,
    terminal_id uuid,
    lease_id    uuid,
    rule        text COLLATE "C",       -- which speaks against the redemption; NULL: it took off less than the till
    loss_minor  bigint NOT NULL CHECK (loss_minor >= 0),
    currency    text COLLATE "C" NOT NULL,
    used_at     timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    UNIQUE (network_id, sale_id, voucher_id)
);
CREATE INDEX offline_loss_by_merchant ON offline_loss (network_id, merchant_id, id);
CALL protect_network_table('offline_loss', 'merchant_id', append_only => true);

-- Sales that were made without a network: what the till's clock said, and when they arrived.
CREATE TABLE queued_sale (
    network_id      uuid NOT NULL,
    sale_id         uuid NOT NULL,
    merchant_id     uuid NOT NULL,
    said_at         timestamptz NOT NULL,   -- the till's estimate of the time; sale.sold_at is what was believed
    clock_offset_ms bigint,                 -- what the till had added to its own clock for that estimate
    arrived_at      timestamptz NOT NULL,
    PRIMARY KEY (network_id, sale_id)
);
CALL protect_network_table('queued_sale', 'merchant_id', append_only => true);
