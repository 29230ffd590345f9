-- Who belongs to a network and who may do what in it: merchants, shops, staff, terminals, keys and roles.

CREATE TABLE network (
    network_id uuid PRIMARY KEY,
    id         uuid NOT NULL GENERATED ALWAYS AS (network_id) STORED UNIQUE,
    name       text NOT NULL CHECK (name <> ''),
    currency   text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z][A-Z0-9]{2,7}$'),
    time_zone  text NOT NULL,
    -- A network that is replayed or simulated lives in another time: no periodic work of the present may touch it.
    simulated  boolean NOT NULL DEFAULT false,
    opened_at  timestamptz NOT NULL
);

CREATE TABLE merchant (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    legal_name text NOT NULL CHECK (legal_name <> ''),
    opened_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
);

CREATE TABLE shop (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    merchant_id uuid NOT NULL,
    name        text NOT NULL CHECK (name <> ''),
    category    text NOT NULL CHECK (category <> ''),
    latitude    double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    time_zone   text NOT NULL,
    hours       jsonb,              -- seven lists of [opens, closes] in minutes of the local day, Monday first
    opened_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    -- Whatever names a shop together with its merchant refers to both at once, so that they cannot disagree.
    UNIQUE (network_id, id, merchant_id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);
CREATE INDEX shop_by_merchant ON shop (network_id, merchant_id, id);

-- A merchant has declared a shop to be a rival of all its own; it holds in both directions.
CREATE TABLE rival (
    network_id    uuid NOT NULL,
    merchant_id   uuid NOT NULL,
    rival_shop_id uuid NOT NULL,
    declared_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, merchant_id, rival_shop_id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    FOREIGN KEY (network_id, rival_shop_id) REFERENCES shop (network_id, id)
);
CREATE INDEX rival_by_shop ON rival (network_id, rival_shop_id);

CREATE TABLE staff (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    merchant_id uuid NOT NULL,
    shop_id     uuid,                -- null: works in every shop of the merchant
    name        text NOT NULL CHECK (name <> ''),
    role        text NOT NULL CHECK (role IN ('owner', 'manager', 'cashier')),
    joined_at   timestamptz NOT NULL,
    left_at     timestamptz,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    FOREIGN KEY (network_id, shop_id, merchant_id) REFERENCES shop (network_id, id, merchant_id)
);
CREATE INDEX staff_by_merchant ON staff (network_id, merchant_id, id);

-- Apart from the person, so that consoles, which may read staff, never see it. Argon2 of the PIN under a key from
-- outside the database: four digits would not withstand a search by whoever holds a copy of the table alone.
CREATE TABLE staff_pin (
    network_id   uuid NOT NULL,
    staff_id     uuid NOT NULL,
    pin_hash     text NOT NULL,
    key_version  integer NOT NULL,
    wrong_tries  smallint NOT NULL DEFAULT 0 CHECK (wrong_tries >= 0),
    locked_until timestamptz,
    PRIMARY KEY (network_id, staff_id),
    FOREIGN KEY (network_id, staff_id) REFERENCES staff (network_id, id)
) WITH (fillfactor = 70);

CREATE TABLE terminal (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    merchant_id uuid NOT NULL,
    shop_id     uuid NOT NULL,
    name        text NOT NULL CHECK (name <> ''),
    made_at     timestamptz NOT NULL,
    paired_at   timestamptz,
    revoked_at  timestamptz,
    -- The pairing code that is out: its keyed hash, until when it may be used, and whether it was.
    pairing_id         uuid,
    pairing_expires_at timestamptz,
    pairing_used       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, shop_id, merchant_id) REFERENCES shop (network_id, id, merchant_id)
);
CREATE INDEX terminal_by_merchant ON terminal (network_id, merchant_id, id);
CREATE UNIQUE INDEX terminal_by_pairing ON terminal (network_id, pairing_id) WHERE pairing_id IS NOT NULL;

-- SHA-256 suffices for the secrets of keys: they are 256 random bits, so there is nothing to guess that a slow hash
-- would make expensive, and a request is not delayed by one.
CREATE TABLE api_key (
    network_id      uuid NOT NULL REFERENCES network (network_id),
    id              uuid NOT NULL,
    role            text NOT NULL CHECK (role IN ('operator', 'merchant', 'terminal', 'analyst')),
    principal_id    uuid NOT NULL,   -- whose idempotency keys are used: stays the same through every rotation
    merchant_id     uuid,
    shop_id         uuid,
    terminal_id     uuid,
    name            text NOT NULL,
    version         integer NOT NULL DEFAULT 1,
    secret_hash     bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    old_secret_hash bytea CHECK (octet_length(old_secret_hash) = 32),
    old_valid_until timestamptz,
    made_at         timestamptz NOT NULL,
    revoked_at      timestamptz,
    last_used_at    timestamptz,     -- written in the background, at most once a minute
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    FOREIGN KEY (network_id, terminal_id) REFERENCES terminal (network_id, id),
    CONSTRAINT api_key_scope CHECK (
        (role IN ('merchant', 'terminal')) = (merchant_id IS NOT NULL)
        AND (role = 'terminal') = (terminal_id IS NOT NULL)
        AND (role = 'terminal') = (shop_id IS NOT NULL)
    )
) WITH (fillfactor = 70);
CREATE INDEX api_key_by_merchant ON api_key (network_id, merchant_id, id);
CREATE INDEX api_key_by_terminal ON api_key (network_id, terminal_id) WHERE terminal_id IS NOT NULL;

-- Money that a merchant brought in, with the reference of the payment outside; the ledger's transfer has the same id.
CREATE TABLE deposit (
    network_id   uuid NOT NULL,
    id           uuid NOT NULL,
    merchant_id  uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text COLLATE "C" NOT NULL,
    reference    text NOT NULL CHECK (reference <> ''),
    made_at      timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    -- The same payment is never credited twice, whoever sends it again under whatever key.
    CONSTRAINT deposit_reference_once UNIQUE (network_id, merchant_id, reference),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);

CALL protect_network_table('network');
CALL protect_network_table('merchant', 'id');
CALL protect_network_table('shop', 'merchant_id');
CALL protect_network_table('rival', 'merchant_id');
CALL protect_network_table('staff', 'merchant_id');
CALL protect_network_table('staff_pin');
CALL protect_network_table('terminal', 'merchant_id');
CALL protect_network_table('api_key', 'merchant_id');
CALL protect_network_table('deposit', 'merchant_id', append_only => true);

-- Which network an id belongs to, for requests that do not say it: ids of API keys, and keyed hashes of pairing codes.
-- It is read before the network is known and holds nothing else, so it is exempt from row-level security.
CREATE TABLE key_directory (
    id         uuid PRIMARY KEY,
    network_id uuid NOT NULL,
    expires_at timestamptz          -- of pairing codes; null for keys
);
CREATE INDEX key_directory_by_expiry ON key_directory (expires_at) WHERE expires_at IS NOT NULL;
GRANT SELECT, INSERT, DELETE ON key_directory TO app_network;
-- Each network lists itself under its own id, so that workers know which networks there are.
GRANT SELECT ON key_directory TO worker;
