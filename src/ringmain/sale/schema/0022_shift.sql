-- Who stood at the till, and shifts: facts too, a shift is closed by adding.

ALTER TABLE sale ADD COLUMN staff_id uuid;

CREATE TABLE shift (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    merchant_id uuid NOT NULL,
    shop_id     uuid NOT NULL,
    terminal_id uuid NOT NULL,
    opened_by   uuid NOT NULL,
    opened_at   timestamptz NOT NULL,
    float_minor bigint NOT NULL CHECK (float_minor >= 0),  -- cash in the drawer at the beginning
    currency    text COLLATE "C" NOT NULL,
    PRIMARY KEY (network_id, id)
);
CREATE INDEX shift_by_terminal ON shift (network_id, terminal_id, id);

CREATE TABLE shift_close (
    network_id    uuid NOT NULL,
    shift_id      uuid NOT NULL,
    merchant_id   uuid NOT NULL,
    closed_by     uuid NOT NULL,
    closed_at     timestamptz NOT NULL,
    counted_minor bigint NOT NULL CHECK (counted_minor >= 0),  -- cash that was counted
    sums          jsonb NOT NULL,                              -- what the till had recorded, as it was printed
    PRIMARY KEY (network_id, shift_id)
);

CALL protect_network_table('shift', 'merchant_id', append_only => true);
CALL protect_network_table('shift_close', 'merchant_id', append_only => true);
