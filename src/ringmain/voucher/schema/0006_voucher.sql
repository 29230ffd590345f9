-- Offers, vouchers, and what happened to each voucher.

CREATE TABLE offer (
    network_id          uuid NOT NULL,
    id                  uuid NOT NULL,
    creator_merchant_id uuid NOT NULL,
    funder_id           uuid NOT NULL,     -- the merchant whose money it is, or the network itself
    name                text NOT NULL,
    currency            text COLLATE "C" NOT NULL,
    kind                text COLLATE "C" NOT NULL,
    -- What it is worth, when, where and for whom (voucher/model.py: Terms). Immutable: a changed offer is a new one.
    terms               jsonb NOT NULL,
    cost_minor          bigint NOT NULL CHECK (cost_minor > 0),   -- the greatest possible cost of one voucher, fee included
    stock               bigint CHECK (stock >= 0),                -- vouchers still to be granted; NULL means unlimited
    paused              boolean NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
) WITH (fillfactor = 70);
CREATE INDEX offer_by_creator ON offer (network_id, creator_merchant_id, id);

CREATE TABLE voucher (
    network_id       uuid NOT NULL,
    id               uuid NOT NULL,
    offer_id         uuid NOT NULL,
    secret           bytea NOT NULL CHECK (length(secret) = 16),
    subject_id       uuid,                 -- the holder; NULL for a code that whoever carries it may use
    sender_shop_id   uuid,                 -- at whose scene it was won
    origin_kind      text COLLATE "C",     -- lineage: the touch, sale or voucher that led to it, or the mint
    origin_id        uuid,
    face_minor       bigint NOT NULL CHECK (face_minor >= 0),
    remaining_minor  bigint NOT NULL CHECK (remaining_minor >= 0),
    held_minor       bigint NOT NULL CHECK (held_minor >= 0),     -- funder's money still set aside for it
    uses             integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
    sequence         integer NOT NULL DEFAULT 0,                  -- of its redemptions and reversals
    closed           text COLLATE "C",                            -- NULL, 'spent', 'expired' or 'void'
    lock_key         uuid,                 -- a validation that holds it for one till
    lock_until       timestamptz,
    granted_at       timestamptz NOT NULL,
    valid_from       timestamptz NOT NULL,
    valid_until      timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id),
    CONSTRAINT voucher_never_above_face CHECK (remaining_minor <= face_minor)
) WITH (fillfactor = 85);
-- No index contains what a redemption changes, so that its update stays on the page.
CREATE INDEX voucher_by_subject ON voucher (network_id, subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX voucher_by_end ON voucher (network_id, valid_until, id);

CREATE TABLE redemption (
    network_id   uuid NOT NULL,
    id           uuid NOT NULL,
    voucher_id   uuid NOT NULL,
    sequence     integer NOT NULL,
    sale_id      uuid NOT NULL,
    merchant_id  uuid NOT NULL,        -- the redeemer
    shop_id      uuid NOT NULL,
    terminal_id  uuid,
    subject_id   uuid,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    fee_minor    bigint NOT NULL CHECK (fee_minor >= 0),
    released_minor bigint NOT NULL DEFAULT 0 CHECK (released_minor >= 0),  -- back to the funder because it was not needed
    currency     text COLLATE "C" NOT NULL,
    redeemed_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id),
    -- The last guard against spending twice: one row per voucher and sequence number.
    UNIQUE (network_id, voucher_id, sequence)
);
CREATE INDEX redemption_by_sale ON redemption (network_id, sale_id);
CREATE INDEX redemption_by_merchant ON redemption (network_id, merchant_id, id);

CREATE TABLE reversal (
    network_id    uuid NOT NULL,
    id            uuid NOT NULL,
    redemption_id uuid NOT NULL,
    voucher_id    uuid NOT NULL,
    sequence      integer NOT NULL,
    merchant_id   uuid NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor >= 0),
    revived       boolean NOT NULL,    -- false: too late to live again, the money went back to the funder
    reason        text NOT NULL,
    reversed_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, redemption_id) REFERENCES redemption (network_id, id),
    UNIQUE (network_id, redemption_id),
    UNIQUE (network_id, voucher_id, sequence)
);

-- One row per counted limit: per member, per day, in total. It is created before it is locked, and locked in order.
CREATE TABLE voucher_limit (
    network_id uuid NOT NULL,
    offer_id   uuid NOT NULL,
    scope      text COLLATE "C" NOT NULL,   -- 'member', 'day', 'total'
    scope_key  text COLLATE "C" NOT NULL,
    used       bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    maximum    bigint NOT NULL,
    PRIMARY KEY (network_id, offer_id, scope, scope_key),
    CONSTRAINT voucher_limit_respected CHECK (used <= maximum)
) WITH (fillfactor = 70);

-- One order of codes that nobody holds yet: its money is set aside in one transfer, then it is minted in chunks.
CREATE TABLE mint (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,      -- carries the time of the order; the ids of its vouchers are derived from it
    offer_id    uuid NOT NULL,
    wanted      bigint NOT NULL CHECK (wanted BETWEEN 1 AND 4294967295),
    minted      bigint NOT NULL DEFAULT 0,
    ordered_at  timestamptz NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id),
    CONSTRAINT mint_never_more_than_held CHECK (minted BETWEEN 0 AND wanted)
) WITH (fillfactor = 50);
CREATE INDEX mint_by_offer ON mint (network_id, offer_id, id);

-- One row per voucher that expired or was taken back: what was left of it went back to its funder.
CREATE TABLE voucher_end (
    network_id     uuid NOT NULL,
    id             uuid NOT NULL,
    voucher_id     uuid NOT NULL,
    how            text COLLATE "C" NOT NULL CHECK (how IN ('expired', 'void')),
    released_minor bigint NOT NULL CHECK (released_minor >= 0),
    ended_at       timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);
CREATE INDEX voucher_end_by_voucher ON voucher_end (network_id, voucher_id);

-- How far the expiry sweep has come: every voucher that ended before this has been looked at.
CREATE TABLE expiry_cursor (
    network_id  uuid PRIMARY KEY,
    valid_until timestamptz NOT NULL,
    voucher_id  uuid NOT NULL
);

-- A validation that holds vouchers for one till; its id is the key that the redemption brings along.
CREATE TABLE validation (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    merchant_id uuid NOT NULL,
    shop_id     uuid NOT NULL,
    voucher_ids uuid[] NOT NULL,
    held_until  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
);

-- What a person types where a code cannot be scanned: 12 digits, for one shop, for five minutes; only their hash is kept.
CREATE TABLE typed_code (
    network_id  uuid NOT NULL,
    shop_id     uuid NOT NULL,
    digits_hash bytea NOT NULL CHECK (length(digits_hash) = 16),
    voucher_id  uuid NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, shop_id, digits_hash)
);
CREATE INDEX typed_code_by_end ON typed_code (network_id, expires_at);

-- Wrong digits, counted per terminal and hour, so that nobody guesses for long.
CREATE TABLE typed_code_failure (
    network_id   uuid NOT NULL,
    principal_id uuid NOT NULL,
    hour         timestamptz NOT NULL,
    failures     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (network_id, principal_id, hour)
) WITH (fillfactor = 50);

CALL protect_network_table('offer');
CALL protect_network_table('mint');
CALL protect_network_table('voucher_end', append_only => true);
CALL protect_network_table('expiry_cursor');
CALL protect_network_table('validation');
CALL protect_network_table('typed_code');
CALL protect_network_table('typed_code_failure');
CALL protect_network_table('voucher');
CALL protect_network_table('redemption', 'merchant_id', append_only => true);
CALL protect_network_table('reversal', 'merchant_id', append_only => true);
CALL protect_network_table('voucher_limit');
