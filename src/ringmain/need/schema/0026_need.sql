-- What the model that serves expects of each person who agreed to personalisation: the shops they will most probably
-- visit next. All rows of a network are made anew together; they go with the person's key when the person is erased.
CREATE TABLE need (
    network_id  uuid        NOT NULL,
    subject_id  uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    place       smallint    NOT NULL CHECK (place BETWEEN 1 AND 10),   -- 1 is the most probable
    next_chance real        NOT NULL CHECK (next_chance BETWEEN 0 AND 1),   -- that their next visit is there, if one comes within a week
    week_chance real        NOT NULL CHECK (week_chance BETWEEN 0 AND 1),   -- that they come there within a week
    been        boolean     NOT NULL,   -- whether they were there before
    model_id    uuid        NOT NULL,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, subject_id, shop_id),
    FOREIGN KEY (network_id, subject_id) REFERENCES member_key (network_id, subject_id) ON DELETE CASCADE,
    FOREIGN KEY (network_id, model_id) REFERENCES model (network_id, id)
);
CALL protect_network_table('need');
CREATE INDEX need_by_shop ON need (network_id, shop_id) INCLUDE (week_chance);
