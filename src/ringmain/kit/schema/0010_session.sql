-- Sessions of pages: which browser stands for whom. The cookie carries the network and a secret; only its hash is kept.

CREATE TABLE page_session (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    -- What kind of holder: each kind has a cookie of its own, so that one browser may be a guest's and an operator's.
    kind        text NOT NULL COLLATE "C",
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    -- Null: a browser of whom nobody is known yet.
    holder_id   uuid,
    -- What the holder's pages need at every request, such as the merchant and the role; no personal data.
    facts       jsonb NOT NULL DEFAULT '{}',
    made_at     timestamptz NOT NULL,
    -- Moved on once an hour at most, so that reading a page seldom writes.
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (network_id, id)
);
CREATE INDEX page_session_holder ON page_session (network_id, kind, holder_id) WHERE holder_id IS NOT NULL;
CREATE INDEX page_session_end ON page_session (network_id, expires_at);
CALL protect_network_table('page_session');
