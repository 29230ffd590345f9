-- What keeps the pressure up: notes to shops where vouchers end, and a merchant's standing order to top its money up.

-- One draft a week and shop at most. Words are the operator's where they were edited; else pages say the figures in the
-- reader's language. Nothing is shown to the merchant before somebody has sent it.
CREATE TABLE pressure_note (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,
    merchant_id  uuid NOT NULL,
    shop_id      uuid NOT NULL,
    week         date NOT NULL,
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('receives_only', 'sends_only')),
    sent_on      bigint NOT NULL CHECK (sent_on >= 0),  -- vouchers won here in the days looked at
    came         bigint NOT NULL CHECK (came >= 0),     -- vouchers of other shops, spent here
    words        text CHECK (words <> '' AND length(words) <= 2000),
    state        text COLLATE "C" NOT NULL CHECK (state IN ('draft', 'sent', 'dropped')),
    made_at      timestamptz NOT NULL,
    decided_at   timestamptz,
    PRIMARY KEY (network_id, id),
    CONSTRAINT pressure_note_once_a_week UNIQUE (network_id, shop_id, week),
    FOREIGN KEY (network_id, shop_id, merchant_id) REFERENCES shop (network_id, id, merchant_id),
    CHECK ((state = 'draft') = (decided_at IS NULL))
);
CALL protect_network_table('pressure_note');

-- A merchant's standing order: when what it can spend falls below an amount, or lasts fewer days, add so much of what
-- it is owed, at most so much a month.
CREATE TABLE top_up_order (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    merchant_id  uuid NOT NULL,
    below_minor  bigint CHECK (below_minor > 0),
    below_days   integer CHECK (below_days BETWEEN 1 AND 90),
    add_minor    bigint NOT NULL CHECK (add_minor > 0),
    month_minor  bigint NOT NULL CHECK (month_minor >= add_minor),
    paused       boolean NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, merchant_id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    CHECK (below_minor IS NOT NULL OR below_days IS NOT NULL)
);
CALL protect_network_table('top_up_order', 'merchant_id');

-- Each top-up: announced a day before, then made by one transfer of the same id, failed, or stopped by the merchant.
CREATE TABLE top_up (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,
    merchant_id  uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    state        text COLLATE "C" NOT NULL CHECK (state IN ('announced', 'made', 'failed', 'stopped')),
    announced_at timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    decided_at   timestamptz,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    CHECK ((state = 'announced') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX top_up_one_at_a_time ON top_up (network_id, merchant_id) WHERE state = 'announced';
CREATE INDEX top_up_by_merchant ON top_up (network_id, merchant_id, announced_at);
CALL protect_network_table('top_up', 'merchant_id');
