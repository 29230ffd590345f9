-- Campaigns as merchants buy them, partnerships between merchants, and who was dealt to which group when.

-- Never changed: what a campaign is has to be what its people were dealt under. Another one is a copy.
CREATE TABLE campaign (
    network_id     uuid NOT NULL REFERENCES network (network_id),
    id             uuid NOT NULL,
    merchant_id    uuid NOT NULL,       -- whose it is; the network's own id for its own
    name           text NOT NULL CHECK (name <> ''),
    goal           text COLLATE "C" NOT NULL CHECK (goal IN ('new', 'lapsed', 'quiet_hours', 'exchange')),
    audience       jsonb NOT NULL,      -- a typed rule: campaign/plan/model.py
    offer_id       uuid NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    budget_minor   bigint NOT NULL CHECK (budget_minor > 0),
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL CHECK (ends_at > starts_at),
    weekdays       smallint[] NOT NULL, -- 1 Monday to 7; empty: every day
    from_minute    smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    until_minute   smallint NOT NULL CHECK (until_minute BETWEEN 1 AND 1440 AND until_minute > from_minute),
    channels       text[] NOT NULL CHECK (cardinality(channels) > 0),
    comparison_bp  smallint NOT NULL CHECK (comparison_bp BETWEEN 500 AND 1000),
    -- Hours of a turn where areas have the campaign by turns; null: people are dealt, each for good.
    turn_hours     smallint CHECK (turn_hours BETWEEN 1 AND 168),
    -- The key by which people, or turns, are dealt: random, so that campaigns are independent of each other.
    salt           bytea NOT NULL CHECK (octet_length(salt) = 16),
    partnership_id uuid,
    copied_from    uuid,
    made_at        timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK ((goal = 'exchange') = (partnership_id IS NOT NULL)),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id)
);
CREATE INDEX campaign_by_merchant ON campaign (network_id, merchant_id, id);

-- What became of it, appended. The last one is its state.
CREATE TABLE campaign_event (
    network_id  uuid NOT NULL,
    campaign_id uuid NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    state       text COLLATE "C" NOT NULL CHECK (state IN ('draft', 'awaiting_approval', 'running', 'paused', 'ended')),
    by_id       uuid NOT NULL,          -- the merchant, or the network where its operator did it
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, campaign_id, number),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id)
);

CREATE TABLE campaign_approval (
    network_id  uuid NOT NULL,
    campaign_id uuid NOT NULL,
    merchant_id uuid NOT NULL,
    approved_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, campaign_id, merchant_id),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id)
);

-- The campaigns that run or pause now, one for each offer: what every play looks at.
CREATE TABLE campaign_live (
    network_id  uuid NOT NULL,
    offer_id    uuid NOT NULL,
    campaign_id uuid NOT NULL,
    paused      boolean NOT NULL,
    CONSTRAINT campaign_once_per_offer PRIMARY KEY (network_id, offer_id),
    UNIQUE (network_id, campaign_id),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id)
);

-- Merchants that give each other's vouchers. Never changed; other limits are another partnership.
CREATE TABLE partnership (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,
    name         text NOT NULL CHECK (name <> ''),
    proposed_by  uuid NOT NULL,
    merchant_ids uuid[] NOT NULL CHECK (cardinality(merchant_ids) BETWEEN 2 AND 50),
    currency     text COLLATE "C" NOT NULL,
    limit_minor  bigint NOT NULL CHECK (limit_minor > 0), -- of each party: budgets of its campaigns that have not ended
    proposed_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
);

CREATE TABLE partnership_event (
    network_id     uuid NOT NULL,
    partnership_id uuid NOT NULL,
    merchant_id    uuid NOT NULL,
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('agreed', 'ended')),
    happened_at    timestamptz NOT NULL,
    PRIMARY KEY (network_id, partnership_id, merchant_id, kind),
    FOREIGN KEY (network_id, partnership_id) REFERENCES partnership (network_id, id)
);
ALTER TABLE campaign ADD FOREIGN KEY (network_id, partnership_id) REFERENCES partnership (network_id, id);

-- The moment at which somebody would have been shown the campaign's offer, in both groups alike: once for a person, or
-- once for a person and turn.
CREATE TABLE campaign_opportunity (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    campaign_id uuid NOT NULL,
    subject_id  uuid NOT NULL,
    treated     boolean NOT NULL,
    area        text COLLATE "C" NOT NULL, -- '' where people are dealt
    turn        bigint NOT NULL,           -- 0 where people are dealt
    shop_id     uuid,                      -- where they stood
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT campaign_dealt_once UNIQUE (network_id, campaign_id, subject_id, turn),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id)
);

CALL protect_network_table('campaign', append_only => true);
CALL protect_network_table('campaign_event', append_only => true);
CALL protect_network_table('campaign_approval', append_only => true);
CALL protect_network_table('campaign_live');
CALL protect_network_table('partnership', append_only => true);
CALL protect_network_table('partnership_event', append_only => true);
CALL protect_network_table('campaign_opportunity', append_only => true);
