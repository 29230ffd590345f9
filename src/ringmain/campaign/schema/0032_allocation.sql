-- Who gets which voucher, within what: budgets, caps and bands of fairness, what was given, and the prices that follow.

-- What a merchant, or the network itself, will set aside for vouchers of some offers in a period. The row is locked while
-- a voucher is granted, so that what is left is exact; `taken_minor` is the sum of `budget_take`.
CREATE TABLE budget (
    network_id     uuid NOT NULL REFERENCES network (network_id),
    id             uuid NOT NULL,
    owner_id       uuid NOT NULL,       -- a merchant, or the network
    name           text NOT NULL CHECK (name <> ''),
    currency       text COLLATE "C" NOT NULL,
    limit_minor    bigint NOT NULL CHECK (limit_minor >= 0),
    begins_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL CHECK (ends_at > begins_at),
    taken_minor    bigint NOT NULL DEFAULT 0 CHECK (taken_minor >= 0),
    -- What came back of it by the last count: vouchers that ended, or cost less than the most they could.
    returned_minor bigint NOT NULL DEFAULT 0 CHECK (returned_minor BETWEEN 0 AND taken_minor),
    made_at        timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT budget_never_overdrawn CHECK (taken_minor - returned_minor <= limit_minor)
) WITH (fillfactor = 70);
CREATE INDEX budget_by_owner ON budget (network_id, owner_id, id);

-- Which offers draw on a budget; of one offer each voucher draws on all of them.
CREATE TABLE budget_offer (
    network_id uuid NOT NULL,
    offer_id   uuid NOT NULL,
    budget_id  uuid NOT NULL,
    cost_minor bigint NOT NULL CHECK (cost_minor >= 0),  -- of one voucher, as the offer's terms say for ever
    PRIMARY KEY (network_id, offer_id, budget_id),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id),
    FOREIGN KEY (network_id, budget_id) REFERENCES budget (network_id, id)
);
CREATE INDEX budget_offer_by_budget ON budget_offer (network_id, budget_id);

CREATE TABLE budget_take (
    network_id   uuid NOT NULL,
    budget_id    uuid NOT NULL,
    voucher_id   uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    taken_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, budget_id, voucher_id),
    FOREIGN KEY (network_id, budget_id) REFERENCES budget (network_id, id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);

-- How many vouchers may be given in a number of days: to a person, of one merchant, by one channel. What the network says
-- (`owner_id` is its own id) holds for every merchant that says nothing.
CREATE TABLE cap (
    network_id uuid NOT NULL REFERENCES network (network_id),
    owner_id   uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('person', 'person_channel', 'person_merchant', 'merchant')),
    channel    text COLLATE "C" NOT NULL CHECK (channel IN ('', 'scene', 'receipt', 'search')),
    most       integer NOT NULL CHECK (most >= 0),
    days       smallint NOT NULL CHECK (days BETWEEN 1 AND 366),
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, owner_id, kind, channel),
    CHECK ((kind = 'person_channel') = (channel <> ''))
);

-- How much more power a merchant may give than it receives, and the reverse, in 30 days; agreed with it.
CREATE TABLE power_band (
    network_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    least_minor bigint NOT NULL CHECK (least_minor <= 0),
    most_minor  bigint NOT NULL CHECK (most_minor >= 0),
    agreed_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, merchant_id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);

-- One row per voucher that a play gave: what caps and bands count.
CREATE TABLE given (
    network_id  uuid NOT NULL,
    voucher_id  uuid NOT NULL,
    offer_id    uuid NOT NULL,
    owner_id    uuid NOT NULL,          -- whose offer it is: a merchant, or the network
    sender_id   uuid,                   -- the merchant at whose shop it was won
    receiver_id uuid,                   -- the merchant to whose shop it leads, where that is one
    subject_id  uuid NOT NULL,
    channel     text COLLATE "C" NOT NULL,
    day         date NOT NULL,          -- of the network
    cost_minor  bigint NOT NULL CHECK (cost_minor >= 0),
    PRIMARY KEY (network_id, voucher_id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);
CREATE INDEX given_by_subject ON given (network_id, subject_id, day);
CREATE INDEX given_by_owner ON given (network_id, owner_id, day);
CREATE INDEX given_by_day ON given (network_id, day);

-- One solution for the prices of all budgets and bands; the newest one's prices serve, until they are too old.
CREATE TABLE pricing (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    solved_at  timestamptz NOT NULL,
    people     integer NOT NULL,        -- plays that it was solved for
    candidates integer NOT NULL,
    vouchers   integer NOT NULL,        -- that its allocation gives
    value      double precision NOT NULL,
    bound      double precision NOT NULL,
    gap        double precision NOT NULL CHECK (gap BETWEEN 0 AND 1),
    PRIMARY KEY (network_id, id)
);

-- What a minor unit costs, in visits: of an offer, wherever it is given, or of a merchant's power, where one is met.
CREATE TABLE coin_price (
    network_id uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('offer', 'sender')),
    object_id  uuid NOT NULL,
    price      double precision NOT NULL,
    pricing_id uuid NOT NULL,
    PRIMARY KEY (network_id, kind, object_id),
    FOREIGN KEY (network_id, pricing_id) REFERENCES pricing (network_id, id)
);

CALL protect_network_table('budget');
CALL protect_network_table('budget_offer');
CALL protect_network_table('budget_take', append_only => true);
CALL protect_network_table('cap');
CALL protect_network_table('power_band');
CALL protect_network_table('given', append_only => true);
CALL protect_network_table('pricing', append_only => true);
CALL protect_network_table('coin_price');
