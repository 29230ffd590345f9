-- What was shown to whom looked for shops, with the chance of each place: to learn from, and to be fair to small shops.

-- One row per answer, appended and never changed. The place and the words that were asked for are not kept. The person
-- is known only where they agreed to personal answers, under the unlinkable subject id.
CREATE TABLE match_shown (
    network_id   uuid NOT NULL,
    id           uuid NOT NULL,  -- begins with the time: a day's answers are a range of ids
    subject_id   uuid,
    -- In the order in which they were shown; of each, the probability of this shop in this place given those before it,
    -- and whether chance gave it the place.
    shop_ids     uuid[] NOT NULL,
    propensities double precision[] NOT NULL,
    explored     boolean[] NOT NULL,
    candidates   integer NOT NULL CHECK (candidates >= 0),  -- how many shops could have been drawn
    shown_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK (cardinality(shop_ids) > 0),
    CHECK (cardinality(shop_ids) = cardinality(propensities)),
    CHECK (cardinality(shop_ids) = cardinality(explored)),
    CHECK (0 < ALL (propensities) AND 1 >= ALL (propensities))
);
CALL protect_network_table('match_shown', append_only => true);

-- Each UTC day is counted once, when it is over.
CREATE TABLE match_counted (
    network_id uuid NOT NULL,
    day        date NOT NULL,
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, day)
);
CALL protect_network_table('match_counted', append_only => true);

-- How often a shop was shown on a day.
CREATE TABLE match_exposure (
    network_id uuid NOT NULL,
    day        date NOT NULL,
    shop_id    uuid NOT NULL,
    shown      bigint NOT NULL CHECK (shown > 0),
    PRIMARY KEY (network_id, day, shop_id),
    FOREIGN KEY (network_id, day) REFERENCES match_counted (network_id, day),
    FOREIGN KEY (network_id, shop_id) REFERENCES shop (network_id, id)
);
CALL protect_network_table('match_exposure', append_only => true);
