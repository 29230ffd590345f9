-- What is sent to people: each message as a fact, what became of it as further facts, and what still waits to be sent.
--
-- A message names its person by subject only. What it says to a member is sealed with that member's key, and dies with
-- it; what goes to an address of nobody known (a one-time code) is sealed with a key of its own, and is deleted as soon
-- as it was sent.

CREATE TABLE message (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id uuid NOT NULL,
    -- Null: an address of which no member is known (yet), such as the phone that a one-time code proves.
    subject_id uuid,
    channel text NOT NULL CHECK (channel IN ('sms', 'email', 'none')),
    purpose text NOT NULL CHECK (purpose IN ('transactional', 'marketing')),
    template text NOT NULL CHECK (template ~ '^[a-z_]{1,40}$'),
    language text NOT NULL CHECK (language IN ('en', 'zh')),
    -- Why it was sent and about what: the same person is never told the same thing twice.
    reason text NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'),
    reference_id uuid NOT NULL,
    -- On whose behalf; null: the network's own.
    merchant_id uuid,
    -- The parameters of the template as JSON, sealed with the member's key.
    parameters bytea,
    made_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK (subject_id IS NOT NULL OR parameters IS NULL),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);
CREATE UNIQUE INDEX message_once ON message (network_id, subject_id, reason, reference_id);
CREATE INDEX message_of_person ON message (network_id, subject_id, due_at);
CALL protect_network_table('message', append_only => true);

-- What became of a message, step by step; the last one counts. `reason` is a word, never a sentence of a provider:
-- those quote phones.
CREATE TABLE message_delivery (
    network_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'refused')),
    reason text CHECK (reason ~ '^[a-z_]{1,40}$'),
    -- What the provider calls the message, and its own number for an error.
    provider_reference text CHECK (length(provider_reference) <= 100),
    provider_code integer,
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK (state IN ('queued', 'sent') OR reason IS NOT NULL),
    FOREIGN KEY (network_id, message_id) REFERENCES message (network_id, id)
);
CREATE INDEX message_delivery_message ON message_delivery (network_id, message_id, id);
CALL protect_network_table('message_delivery', append_only => true);

-- What still has to be sent. Whoever sends takes rows for a time by moving `due_at`, so that no transaction is open
-- while a provider answers; a sender that dies gives them back when that time is over.
CREATE TABLE message_waiting (
    network_id uuid NOT NULL,
    message_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    -- After this nobody wants it any more: an old one-time code.
    useful_until timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    -- Address and parameters of a message without a member, sealed with a key derived for it from this master key.
    master_version smallint,
    sealed bytea,
    PRIMARY KEY (network_id, message_id),
    CHECK ((sealed IS NULL) = (master_version IS NULL)),
    FOREIGN KEY (network_id, message_id) REFERENCES message (network_id, id)
);
CREATE INDEX message_waiting_due ON message_waiting (network_id, due_at);
CALL protect_network_table('message_waiting');

-- How a person wants to be reached. Kept per subject; of the subjects of merged members the last change counts.
CREATE TABLE message_preference (
    network_id uuid NOT NULL REFERENCES network (network_id),
    subject_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('sms', 'none')),
    paused_until timestamptz,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, subject_id)
);
CALL protect_network_table('message_preference');

-- How much a network may send, and when; a network without a row has the defaults of message.model.Rules.
CREATE TABLE message_rules (
    network_id uuid PRIMARY KEY REFERENCES network (network_id),
    marketing_per_day smallint NOT NULL CHECK (marketing_per_day BETWEEN 0 AND 10),
    marketing_per_week smallint NOT NULL CHECK (marketing_per_week BETWEEN 0 AND 50),
    -- Minutes of the network's local day.
    quiet_from smallint NOT NULL CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until smallint NOT NULL CHECK (quiet_until BETWEEN 0 AND 1439)
);
CALL protect_network_table('message_rules');

-- Where messages go in development instead of to a provider. In production nothing writes here.
CREATE TABLE message_sink (
    network_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('sms', 'email')),
    masked_address text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    language text NOT NULL CHECK (language IN ('en', 'zh')),
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, message_id) REFERENCES message (network_id, id)
);
CALL protect_network_table('message_sink');
