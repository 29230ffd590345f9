-- Webhooks: who wants to hear of which facts, what is to be told, and how far that got.

-- Secrets are derived from the master key, the endpoint and a version: no row holds one.
CREATE TABLE webhook_endpoint (
    network_id         uuid        NOT NULL,
    id                 uuid        NOT NULL,
    merchant_id        uuid,       -- null: the operator's, which hears of the whole network
    url                text        NOT NULL CHECK (length(url) <= 2000),
    kinds              text[]      NOT NULL CHECK (cardinality(kinds) > 0),
    secret_version     integer     NOT NULL,
    master_version     integer     NOT NULL,
    old_secret_version integer,
    old_master_version integer,
    old_valid_until    timestamptz,
    made_at            timestamptz NOT NULL,
    disabled_at        timestamptz,
    disabled_because   text,
    -- Set while nothing gets through: since when, how many rounds in a row, and until when it is left in peace.
    failing_since      timestamptz,
    failures           integer     NOT NULL DEFAULT 0,
    quiet_until        timestamptz,
    PRIMARY KEY (network_id, id),
    CHECK ((disabled_at IS NULL) = (disabled_because IS NULL))
);
CALL protect_network_table('webhook_endpoint', 'merchant_id');

CREATE TABLE webhook_event (
    network_id   uuid        NOT NULL,
    id           uuid        NOT NULL,  -- derived from the fact: told twice it is the same event
    kind         text        NOT NULL,
    fact_id      uuid        NOT NULL,
    data         jsonb       NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
);
CALL protect_network_table('webhook_event');

-- `next_at` is null once nothing more is tried: delivered, or given up.
CREATE TABLE webhook_delivery (
    network_id   uuid        NOT NULL,
    endpoint_id  uuid        NOT NULL,
    event_id     uuid        NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    next_at      timestamptz,
    give_up_at   timestamptz NOT NULL,
    tried_at     timestamptz,
    delivered_at timestamptz,
    last_status  integer,
    last_error   text,
    PRIMARY KEY (network_id, endpoint_id, event_id),
    FOREIGN KEY (network_id, endpoint_id) REFERENCES webhook_endpoint ON DELETE CASCADE,
    FOREIGN KEY (network_id, event_id) REFERENCES webhook_event ON DELETE CASCADE
);
CALL protect_network_table('webhook_delivery');
CREATE INDEX webhook_delivery_due ON webhook_delivery (network_id, endpoint_id, next_at);
CREATE INDEX webhook_delivery_of_event ON webhook_delivery (network_id, event_id);
