-- Winners choose one of three (docs/decisions/0025).

-- How many prizes a winner is shown to choose from; 1: what was drawn is theirs at once.
ALTER TABLE game ADD COLUMN choices smallint NOT NULL DEFAULT 1 CHECK (choices BETWEEN 1 AND 3);

-- Vouchers of a lot that somebody has won and may still exchange for another prize: neither left nor issued.
ALTER TABLE lot ADD COLUMN kept bigint NOT NULL DEFAULT 0;
ALTER TABLE lot DROP CONSTRAINT lot_never_more_than_held;
ALTER TABLE lot ADD CONSTRAINT lot_never_more_than_held CHECK (issued >= 0 AND kept >= 0 AND issued + kept <= ordered);

-- A win that waits for its person: the first of `places` is kept for them, the others are theirs as long as there are
-- any. It is settled when one is chosen or when its time is over; then there is a play, whose voucher has this id.
CREATE TABLE game_choice (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,       -- carries the chance by which `places` were drawn
    game_id    uuid NOT NULL,
    scene_id   uuid NOT NULL,
    period     integer NOT NULL,
    subject_id uuid NOT NULL,
    touch_id   uuid,
    places     smallint[] NOT NULL CHECK (cardinality(places) BETWEEN 2 AND 3),
    drawn_at   timestamptz NOT NULL,
    until      timestamptz NOT NULL CHECK (until > drawn_at),
    settled    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (network_id, id),
    CONSTRAINT choice_once_a_period UNIQUE (network_id, scene_id, period, subject_id),
    FOREIGN KEY (network_id, game_id) REFERENCES game (network_id, id)
) WITH (fillfactor = 80);
CREATE INDEX game_choice_open ON game_choice (network_id, until) WHERE NOT settled;

CREATE FUNCTION keep_choices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.network_id, NEW.id, NEW.game_id, NEW.scene_id, NEW.period, NEW.subject_id, NEW.places, NEW.drawn_at,
        NEW.until) IS DISTINCT FROM
       (OLD.network_id, OLD.id, OLD.game_id, OLD.scene_id, OLD.period, OLD.subject_id, OLD.places, OLD.drawn_at,
        OLD.until) OR (OLD.settled AND NOT NEW.settled) THEN
        RAISE integrity_constraint_violation USING MESSAGE = 'a choice is drawn once and settled once';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER game_choice_stays BEFORE UPDATE ON game_choice FOR EACH ROW EXECUTE FUNCTION keep_choices();

CALL protect_network_table('game_choice');
