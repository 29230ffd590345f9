-- Tribes: small groups that were found in what people do, who is in them, and what merchants are told of them.

-- One row per tribe, also of those that are found no longer. Columns of behaviour are named "category:tea".
CREATE TABLE tribe (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,
    -- What it is named by: [column]; two where one alone is taken.
    name         jsonb NOT NULL,
    -- Conditions that all have to hold: [{"column", "at_least", "per_cent"}], three at most.
    rule         jsonb NOT NULL,
    -- What sets it apart: [{"column", "per_cent", "everybody"}], in per cent of visits.
    apart        jsonb NOT NULL,
    -- Mean shares of its people: {column: share}; the next finding knows it by them.
    centre       jsonb NOT NULL,
    size         integer NOT NULL CHECK (size >= 10),
    -- How well resamples of the same people find it again: mean Jaccard index.
    stability    real NOT NULL CHECK (stability BETWEEN 0 AND 1),
    found_at     timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (network_id, id)
);
CALL protect_network_table('tribe');

-- Whom the last finding placed. Hangs on the person's key: who is erased is in no tribe from that moment.
CREATE TABLE tribe_member (
    network_id  uuid NOT NULL,
    subject_id  uuid NOT NULL,
    tribe_id    uuid NOT NULL,
    -- Null: counted from visits enough. Else how likely few visits make it.
    probability real CHECK (probability BETWEEN 0 AND 1),
    -- The person's own per cents for the conditions of the rule.
    shares      smallint[] NOT NULL,
    since       timestamptz NOT NULL,
    placed_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, subject_id),
    FOREIGN KEY (network_id, subject_id) REFERENCES member_key (network_id, subject_id) ON DELETE CASCADE,
    FOREIGN KEY (network_id, tribe_id) REFERENCES tribe (network_id, id)
);
CREATE INDEX tribe_member_by_tribe ON tribe_member (network_id, tribe_id);
CALL protect_network_table('tribe_member');

-- Each finding: of how many people with visits enough, beside how many with fewer.
CREATE TABLE tribe_finding (
    network_id uuid NOT NULL REFERENCES network (network_id),
    found_at   timestamptz NOT NULL,
    people     integer NOT NULL,
    newcomers  integer NOT NULL,
    tribes     integer NOT NULL,
    PRIMARY KEY (network_id, found_at)
);
CALL protect_network_table('tribe_finding', append_only => true);

-- What a merchant is told is counted once for a week and stays as it is, whatever facts, consents or findings come
-- later: two looks at one week differ in nothing.
CREATE TABLE tribe_week (
    network_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    -- The Monday, by the network's clock, before which the four weeks end that were counted.
    week        date NOT NULL,
    state       text COLLATE "C" NOT NULL CHECK (state IN ('shown', 'too_few_here', 'none_found')),
    counted_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, merchant_id, week),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);
CALL protect_network_table('tribe_week', 'merchant_id', append_only => true);

-- Rounded counts of groups of ten and more. The words are kept with them, as they were that week.
CREATE TABLE tribe_reach (
    network_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    week        date NOT NULL,
    tribe_id    uuid NOT NULL,
    people      integer NOT NULL CHECK (people >= 10 AND people % 5 = 0),
    per_cent    smallint NOT NULL CHECK (per_cent BETWEEN 0 AND 100 AND per_cent % 5 = 0),
    name        jsonb NOT NULL,
    rule        jsonb NOT NULL,
    apart       jsonb NOT NULL,
    PRIMARY KEY (network_id, merchant_id, week, tribe_id),
    FOREIGN KEY (network_id, merchant_id, week) REFERENCES tribe_week (network_id, merchant_id, week),
    FOREIGN KEY (network_id, tribe_id) REFERENCES tribe (network_id, id)
);
CALL protect_network_table('tribe_reach', 'merchant_id', append_only => true);
