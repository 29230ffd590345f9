-- How far a replay has come: written by each batch's own transaction, so that a replay resumes where it stopped.

CREATE TABLE replay_progress (
    network_id  uuid NOT NULL,
    name        text NOT NULL,
    next_row    bigint NOT NULL CHECK (next_row >= 0),
    rows        bigint NOT NULL CHECK (rows >= next_row),   -- how many the replay that is on its way has
    counts      jsonb NOT NULL,
    PRIMARY KEY (network_id, name)
);
CALL protect_network_table('replay_progress');
