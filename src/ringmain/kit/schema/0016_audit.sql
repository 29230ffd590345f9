-- The audit log: who did what to which thing. Entries are inserted freely by the transactions that they record; a sealer
-- chains them afterwards, in the order of their commits, so that no request waits for another one's entry.

-- No personal data: ids, codes, amounts and times only. Erasing a person leaves every entry as it is.
CREATE TABLE audit_entry (
    network_id  uuid        NOT NULL,
    id          uuid        NOT NULL,
    at          timestamptz NOT NULL,
    actor_kind  text        NOT NULL CHECK (length(actor_kind) BETWEEN 1 AND 40),
    actor_id    uuid,
    action      text        NOT NULL CHECK (length(action) BETWEEN 1 AND 80),
    object_kind text        NOT NULL CHECK (length(object_kind) BETWEEN 1 AND 40),
    object_id   uuid,
    facts       jsonb       NOT NULL CHECK (jsonb_typeof(facts) = 'object' AND length(facts::text) <= 2000),
    request_id  text        NOT NULL,
    PRIMARY KEY (network_id, id)
);
CALL protect_network_table('audit_entry', append_only => true);
CREATE INDEX audit_entry_of_object ON audit_entry (network_id, object_id, id);
CREATE INDEX audit_entry_of_actor ON audit_entry (network_id, actor_id, id);
CREATE INDEX audit_entry_of_action ON audit_entry (network_id, action, id);

-- hash = SHA-256(hash of the link before, or 32 zero bytes || canonical bytes of sequence and entry); see kit/audit.
CREATE TABLE audit_link (
    network_id uuid   NOT NULL,
    sequence   bigint NOT NULL CHECK (sequence > 0),
    entry_id   uuid   NOT NULL,
    hash       bytea  NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (network_id, sequence),
    UNIQUE (network_id, entry_id)
);
CALL protect_network_table('audit_link', append_only => true);
