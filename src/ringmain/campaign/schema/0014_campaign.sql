-- Plays at scenes: what was drawn for whom, and what became of it.

-- One play per player, scene and day of the network. The row is locked while its prize is claimed, and its end is moved
-- when the same player comes back too late.
CREATE TABLE draw (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,       -- also the seed of what was drawn
    scene_id   uuid NOT NULL,
    touch_id   uuid NOT NULL,
    shop_id    uuid,                -- where the player stands; null at the network's own scenes
    sale_id    uuid,                -- the sale whose receipt led here
    subject_id uuid,                -- null while nobody has signed in
    -- A keyed hash of the phone's page session, or of the subject.
    player     bytea NOT NULL CHECK (octet_length(player) = 16),
    day        date NOT NULL,
    candidates integer NOT NULL CHECK (candidates > 0),  -- how many shops could have been drawn
    drawn_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT draw_once_a_day UNIQUE (network_id, scene_id, day, player),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX draw_once_per_sale ON draw (network_id, sale_id) WHERE sale_id IS NOT NULL;

CREATE TABLE draw_prize (
    network_id uuid NOT NULL,
    draw_id    uuid NOT NULL,
    place      smallint NOT NULL CHECK (place BETWEEN 1 AND 3),
    offer_id   uuid NOT NULL,
    shop_id    uuid NOT NULL,
    -- The probability of drawing this shop in this place, given the places before it.
    propensity double precision NOT NULL CHECK (propensity > 0 AND propensity <= 1),
    reasons    jsonb NOT NULL,
    PRIMARY KEY (network_id, draw_id, place),
    UNIQUE (network_id, draw_id, offer_id),
    UNIQUE (network_id, draw_id, shop_id),
    FOREIGN KEY (network_id, draw_id) REFERENCES draw (network_id, id),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id),
    FOREIGN KEY (network_id, shop_id) REFERENCES shop (network_id, id)
);

-- The one voucher of a play.
CREATE TABLE draw_claim (
    network_id uuid NOT NULL,
    draw_id    uuid NOT NULL,
    voucher_id uuid NOT NULL,
    offer_id   uuid NOT NULL,
    chosen_id  uuid NOT NULL,       -- the offer that was asked for
    stand_in   boolean NOT NULL,    -- all prizes had gone: the network paid for another one
    subject_id uuid NOT NULL,
    scene_id   uuid NOT NULL,
    day        date NOT NULL,
    claimed_at timestamptz NOT NULL,
    CONSTRAINT draw_claimed_once PRIMARY KEY (network_id, draw_id),
    -- Whoever plays on two phones still wins once.
    CONSTRAINT draw_claim_once_a_day UNIQUE (network_id, scene_id, day, subject_id),
    FOREIGN KEY (network_id, draw_id) REFERENCES draw (network_id, id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);

-- Nothing could be granted: somebody met a scene and left without a prize. The operator wants to know.
CREATE TABLE draw_miss (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,
    scene_id   uuid NOT NULL,
    day        date NOT NULL,
    player     bytea NOT NULL CHECK (octet_length(player) = 16),
    missed_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    UNIQUE (network_id, scene_id, day, player),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
);

-- The way back after a sale: the scene whose code stands on the receipt, one per sale.
CREATE TABLE receipt_scene (
    network_id uuid NOT NULL,
    sale_id    uuid NOT NULL,
    scene_id   uuid NOT NULL,
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (network_id, sale_id),
    UNIQUE (network_id, scene_id),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
);

CALL protect_network_table('draw');
CALL protect_network_table('draw_prize', append_only => true);
CALL protect_network_table('draw_claim', append_only => true);
CALL protect_network_table('draw_miss', append_only => true);
CALL protect_network_table('receipt_scene', append_only => true);
