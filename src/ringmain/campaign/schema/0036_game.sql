-- Games at scenes that always win, and the lots that their prizes come from.

-- Vouchers of one offer whose cost is set aside before anybody wins one: in one transfer, when the lot is ordered. What
-- was not issued when the lot is closed goes back to its funder.
CREATE TABLE lot (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,       -- carries the time of the order
    offer_id   uuid NOT NULL,
    ordered    bigint NOT NULL CHECK (ordered >= 0),
    issued     bigint NOT NULL DEFAULT 0,
    closed_at  timestamptz,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id),
    CONSTRAINT lot_never_more_than_held CHECK (issued BETWEEN 0 AND ordered)
) WITH (fillfactor = 50);

CREATE TABLE game (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('scratch', 'wheel', 'catch')),
    name       text NOT NULL CHECK (name <> ''),
    -- One play per person and scene: on each day of the network, or in the whole game.
    period     text COLLATE "C" NOT NULL CHECK (period IN ('day', 'game')),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    opened_at  timestamptz NOT NULL,
    closed_at  timestamptz,
    PRIMARY KEY (network_id, id),
    CHECK (ends_at > starts_at)
) WITH (fillfactor = 50);

-- Where a game is played. A scene has one game at a time, its current one.
CREATE TABLE game_scene (
    network_id uuid NOT NULL,
    game_id    uuid NOT NULL,
    scene_id   uuid NOT NULL,
    shop_id    uuid,                -- null at the network's own scenes
    current    boolean NOT NULL DEFAULT true,
    PRIMARY KEY (network_id, game_id, scene_id),
    FOREIGN KEY (network_id, game_id) REFERENCES game (network_id, id),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
);
CREATE UNIQUE INDEX game_scene_current ON game_scene (network_id, scene_id) WHERE current;

-- Published odds. A prize without odds stands in when no other one is left, and the network itself pays for it.
CREATE TABLE game_prize (
    network_id uuid NOT NULL,
    game_id    uuid NOT NULL,
    place      smallint NOT NULL CHECK (place BETWEEN 1 AND 1000),
    offer_id   uuid NOT NULL,
    lot_id     uuid NOT NULL,
    odds       integer NOT NULL CHECK (odds >= 0),
    stock      bigint NOT NULL CHECK (stock > 0),     -- as it was published
    PRIMARY KEY (network_id, game_id, place),
    UNIQUE (network_id, lot_id),
    FOREIGN KEY (network_id, game_id) REFERENCES game (network_id, id),
    FOREIGN KEY (network_id, lot_id) REFERENCES lot (network_id, id)
);

-- How many played in each hour: what is left is compared with what is still to come.
CREATE TABLE game_hour (
    network_id uuid NOT NULL,
    game_id    uuid NOT NULL,
    hour       timestamptz NOT NULL,
    plays      bigint NOT NULL CHECK (plays >= 0),
    PRIMARY KEY (network_id, game_id, hour),
    FOREIGN KEY (network_id, game_id) REFERENCES game (network_id, id)
) WITH (fillfactor = 50);

-- The operator was told that prizes will not last, once per kind and day (UTC).
CREATE TABLE game_alarm (
    network_id uuid NOT NULL,
    game_id    uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('prizes', 'stand_ins')),
    day        integer NOT NULL,    -- days since 1970
    left_over  bigint NOT NULL,     -- vouchers that were left
    expected   bigint NOT NULL,     -- plays that were still expected
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (network_id, game_id, kind, day),
    FOREIGN KEY (network_id, game_id) REFERENCES game (network_id, id)
);

-- One play, which won: without a voucher there is no play. It is found by its person, scene and period, which is also
-- the guard of "one play"; from its voucher it is found through the lot. No other index, since these are very many rows.
CREATE TABLE play (
    network_id uuid NOT NULL,
    scene_id   uuid NOT NULL,
    period     integer NOT NULL,    -- the day of the network since 1970; 0: the whole game
    subject_id uuid NOT NULL,
    game_id    uuid NOT NULL,
    voucher_id uuid NOT NULL,
    touch_id   uuid,                -- how the person came to the scene, where that was recorded
    place      smallint NOT NULL,   -- which of the game's prizes
    CONSTRAINT play_once_a_period PRIMARY KEY (network_id, scene_id, period, subject_id)
);

-- Foreign keys look a parent up and lock it for every row, which was more than half of what a play cost (docs/decisions,
-- 0025). What plays and vouchers refer to is never deleted nor given another key, which the triggers below see to, so
-- one look per statement, at each parent once, guards the same.
CREATE FUNCTION refuse_to_lose_parents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('rows of %I are referred to: they are neither deleted nor given another key', TG_TABLE_NAME);
END
$$;
CREATE FUNCTION check_plays() RETURNS trigger LANGUAGE plpgsql
-- Planned once, perhaps while the tables are small: parents are found by their keys all the same.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh p WHERE NOT EXISTS (
            SELECT FROM voucher v
            WHERE v.network_id = p.network_id AND v.id = p.voucher_id AND v.subject_id = p.subject_id)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a play has no voucher of its person', CONSTRAINT = 'play_won_voucher';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT network_id, game_id, place FROM fresh) p WHERE NOT EXISTS (
            SELECT FROM game_prize z
            WHERE z.network_id = p.network_id AND z.game_id = p.game_id AND z.place = p.place)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a play names no prize of a game', CONSTRAINT = 'play_of_prize';
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION check_offers_of_vouchers() RETURNS trigger LANGUAGE plpgsql
-- Planned once, perhaps while the tables are small: parents are found by their keys all the same.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT network_id, offer_id FROM fresh) v WHERE NOT EXISTS (
            SELECT FROM offer o WHERE o.network_id = v.network_id AND o.id = v.offer_id)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a voucher names no offer', CONSTRAINT = 'voucher_of_offer';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER play_has_parents AFTER INSERT ON play REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION check_plays();
CREATE TRIGGER play_stays BEFORE UPDATE ON play FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();
CREATE TRIGGER game_prize_stays BEFORE DELETE OR UPDATE ON game_prize
    FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();
ALTER TABLE voucher DROP CONSTRAINT voucher_network_id_offer_id_fkey;
CREATE TRIGGER voucher_has_offer AFTER INSERT ON voucher REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION check_offers_of_vouchers();
CREATE TRIGGER voucher_stays BEFORE DELETE OR UPDATE OF network_id, id, offer_id ON voucher
    FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();
CREATE TRIGGER offer_stays BEFORE DELETE OR UPDATE OF network_id, id ON offer
    FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();

CALL protect_network_table('lot');
CALL protect_network_table('game');
CALL protect_network_table('game_scene');
CALL protect_network_table('game_prize', append_only => true);
CALL protect_network_table('game_hour');
CALL protect_network_table('game_alarm', append_only => true);
CALL protect_network_table('play', append_only => true);
