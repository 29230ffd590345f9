-- Money that the network itself puts in for vouchers: a mall that pays for its tenants.

CREATE TABLE pool_deposit (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,       -- that of the ledger's transfer
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text COLLATE "C" NOT NULL,
    reference    text NOT NULL CHECK (reference <> ''),
    made_by      uuid NOT NULL,
    made_at      timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    -- The same payment is never credited twice, whoever sends it again under whatever key.
    CONSTRAINT pool_deposit_reference_once UNIQUE (network_id, reference)
);
CALL protect_network_table('pool_deposit', append_only => true);
