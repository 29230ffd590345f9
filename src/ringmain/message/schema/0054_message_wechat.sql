-- Template messages of a WeChat official account: the openids of followers, access tokens, and what WeChat tells.

ALTER TABLE message_address
    DROP CONSTRAINT message_address_channel_check,
    ADD CONSTRAINT message_address_channel_check CHECK (channel IN ('email', 'push', 'wechat')),
    -- To which words its person agreed, where a system of the operator's told us the address.
    ADD COLUMN agreed_text text CHECK (length(agreed_text) BETWEEN 1 AND 50);

-- What lets us call a provider for some hours, sealed with a key derived for the network from this master key.
CREATE TABLE message_access_token (
    network_id     uuid NOT NULL REFERENCES network (network_id),
    channel        text NOT NULL CHECK (channel IN ('wechat')),
    account        text NOT NULL CHECK (length(account) BETWEEN 1 AND 100),
    master_version smallint NOT NULL,
    sealed         bytea NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, channel)
);
CALL protect_network_table('message_access_token');

-- By what WeChat calls a message we find it again.
CREATE INDEX message_delivery_by_reference ON message_delivery (network_id, provider_reference)
    WHERE channel = 'wechat';

-- Calls of a provider whose signature does not cover what it tells: the same signature is good for the same content
-- only. Hashes, for some minutes (allow-list: before the network is known).
CREATE TABLE provider_call (
    signed    bytea PRIMARY KEY CHECK (octet_length(signed) = 32),
    content   bytea NOT NULL CHECK (octet_length(content) = 32),
    called_at timestamptz NOT NULL
);
CREATE INDEX provider_call_by_time ON provider_call (called_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_call TO app_network;
