-- Models that were learnt, with what they were learnt from and how they did; and which of them served when.

-- What is kept of a model never changes. The bytes of one that was refused are not kept, only their hash.
CREATE TABLE model (
    network_id    uuid        NOT NULL,
    id            uuid        NOT NULL,
    task          text        NOT NULL COLLATE "C" CHECK (length(task) BETWEEN 1 AND 60),
    made_at       timestamptz NOT NULL,
    learnt_from   timestamptz NOT NULL,
    learnt_until  timestamptz NOT NULL,
    facts         bigint      NOT NULL CHECK (facts >= 0),
    metrics       jsonb       NOT NULL,   -- by name: value, low, high (of the 95 % interval)
    baselines     jsonb       NOT NULL,   -- the same of each other ranking, by its name
    sha256        bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    artefact      bytea,
    PRIMARY KEY (network_id, id),
    CHECK (learnt_from <= learnt_until)
);
CALL protect_network_table('model', append_only => true);
CREATE INDEX model_by_task ON model (network_id, task, made_at);

-- What became of models, in order. Which one serves follows from these rows: the last that was promoted and not
-- withdrawn.
CREATE TABLE model_event (
    network_id uuid        NOT NULL,
    sequence   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    task       text        NOT NULL COLLATE "C",
    model_id   uuid        NOT NULL,
    kind       text        NOT NULL COLLATE "C" CHECK (kind IN ('promoted', 'refused', 'withdrawn')),
    reasons    text[]      NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (network_id, sequence),
    FOREIGN KEY (network_id, model_id) REFERENCES model (network_id, id)
);
CALL protect_network_table('model_event', append_only => true);
