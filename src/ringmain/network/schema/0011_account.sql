-- People who work at the consoles: operators of a network, owners and managers of its merchants.
--
-- What is personal (name, e-mail) and what is secret (password, one-time passwords) is sealed with the data key of the
-- account, which is wrapped by the master key: a copy of the database alone tells nothing, and a rotation of the master
-- key touches the wrapped key only.

CREATE TABLE account (
    network_id      uuid NOT NULL REFERENCES network (network_id),
    id              uuid NOT NULL,
    role            text NOT NULL CHECK (role IN ('operator', 'owner', 'manager')),
    merchant_id     uuid,
    master_version  smallint NOT NULL,
    wrapped         bytea NOT NULL,
    name_sealed     bytea NOT NULL,
    email_sealed    bytea NOT NULL,
    made_at         timestamptz NOT NULL,
    disabled_at     timestamptz,
    sessions_from   timestamptz NOT NULL,   -- sessions that began earlier are over
    signed_in_at    timestamptz,
    password_set_at timestamptz,
    totp_since      timestamptz,
    passkeys        smallint NOT NULL DEFAULT 0 CHECK (passkeys >= 0),
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    CONSTRAINT account_scope CHECK ((role = 'operator') = (merchant_id IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX account_by_merchant ON account (network_id, merchant_id, id);

-- Apart from the account, so that consoles, which may read accounts, never see it. `totp_pending` is a secret that was
-- shown and not yet confirmed; `totp_step` the last 30-second step whose code was used, so that each is good once.
CREATE TABLE account_secret (
    network_id      uuid NOT NULL,
    account_id      uuid NOT NULL,
    password_sealed bytea,
    totp_sealed     bytea,
    totp_pending    bytea,
    totp_step       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (network_id, account_id),
    FOREIGN KEY (network_id, account_id) REFERENCES account (network_id, id)
);

-- Keyed with the account's data key. A row is one code, good until it was used.
CREATE TABLE account_recovery_code (
    network_id uuid NOT NULL,
    account_id uuid NOT NULL,
    code_hash  bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at    timestamptz,
    PRIMARY KEY (network_id, account_id, code_hash),
    FOREIGN KEY (network_id, account_id) REFERENCES account (network_id, id)
);

-- One per account: a newer one makes the one before void. SHA-256 suffices, because tokens are 256 bits that nobody
-- can guess.
CREATE TABLE account_invitation (
    network_id uuid NOT NULL,
    account_id uuid NOT NULL,
    version    integer NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (network_id, account_id),
    FOREIGN KEY (network_id, account_id) REFERENCES account (network_id, id)
);
CREATE UNIQUE INDEX account_invitation_token ON account_invitation (network_id, token_hash);

CREATE TABLE account_passkey (
    network_id    uuid NOT NULL,
    id            uuid NOT NULL,
    account_id    uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key    bytea NOT NULL,
    sign_count    bigint NOT NULL CHECK (sign_count >= 0),
    name          text NOT NULL CHECK (name <> ''),
    added_at      timestamptz NOT NULL,
    last_used_at  timestamptz,
    PRIMARY KEY (network_id, id),
    CONSTRAINT account_passkey_once UNIQUE (network_id, credential_id),
    FOREIGN KEY (network_id, account_id) REFERENCES account (network_id, id)
);
CREATE INDEX account_passkey_by_account ON account_passkey (network_id, account_id, id);

CALL protect_network_table('account', 'merchant_id');
CALL protect_network_table('account_secret');
CALL protect_network_table('account_recovery_code');
CALL protect_network_table('account_invitation');
CALL protect_network_table('account_passkey');

-- Which account an e-mail belongs to, by its keyed hash: an e-mail is one account's in the whole installation. It is
-- read before the network is known and holds nothing else, so it is exempt from row-level security (allow-list).
CREATE TABLE account_directory (
    email_hash bytea PRIMARY KEY CHECK (octet_length(email_hash) = 16),
    account_id uuid NOT NULL,
    network_id uuid NOT NULL
);
GRANT SELECT, INSERT, DELETE ON account_directory TO app_network;

-- How often somebody tried to sign in, and until when no more tries are taken. What is counted (an e-mail, known or not,
-- an address, a browser) is a keyed hash. It is counted before anybody knows of which network (allow-list).
CREATE TABLE sign_in_tries (
    subject      bytea PRIMARY KEY CHECK (octet_length(subject) = 16),
    tries        integer NOT NULL CHECK (tries >= 0),
    last_at      timestamptz NOT NULL,
    locked_until timestamptz
) WITH (fillfactor = 70);
CREATE INDEX sign_in_tries_by_time ON sign_in_tries (last_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_tries TO app_network;

-- Sign-ins that wait for their next step. The browser holds the ticket; here are its SHA-256 and what it stands for,
-- sealed with a key that is derived from the ticket itself (allow-list: before the network is known).
CREATE TABLE sign_in_ticket (
    ticket_hash bytea PRIMARY KEY CHECK (octet_length(ticket_hash) = 32),
    purpose     text NOT NULL,
    expires_at  timestamptz NOT NULL,
    sealed      bytea NOT NULL
);
CREATE INDEX sign_in_ticket_by_expiry ON sign_in_ticket (expires_at);
GRANT SELECT, INSERT, DELETE ON sign_in_ticket TO app_network;
