-- What people want of messages: by which channels and in which order, when, how many, and about what not.

ALTER TABLE message_preference
    -- Tried in this order; empty: not at all; null: the order of who never chose (message.model.DEFAULT_ORDER).
    ADD COLUMN channels text[] CHECK (channels <@ ARRAY['push', 'wechat', 'sms', 'email', 'paper']),
    -- Minutes of the person's local day, in `time_zone` or else the network's.
    ADD COLUMN quiet_from smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    ADD COLUMN quiet_until smallint CHECK (quiet_until BETWEEN 0 AND 1439),
    ADD COLUMN time_zone text CHECK (length(time_zone) <= 60),
    ADD COLUMN per_week smallint CHECK (per_week BETWEEN 0 AND 50),
    ADD COLUMN stopped text[] NOT NULL DEFAULT '{}'
        CHECK (stopped <@ ARRAY['offers', 'reminders', 'winnings', 'receipts']),
    ADD CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));
UPDATE message_preference SET channels = '{}' WHERE channel = 'none';
ALTER TABLE message_preference DROP COLUMN channel;

-- Where people can be reached besides their phone number. The address is sealed with the key of its member, and dies
-- with it; until its owner has confirmed it nothing is sent there but the question whether it is theirs.
CREATE TABLE message_address (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    subject_id uuid NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('email', 'push')),
    sealed     bytea NOT NULL,
    added_at   timestamptz NOT NULL,
    proven_at  timestamptz,
    PRIMARY KEY (network_id, id)
);
CREATE INDEX message_address_of_person ON message_address (network_id, subject_id);
CALL protect_network_table('message_address');

-- When what a message tells of is over: its voucher has ended, and nobody wants to hear of it.
ALTER TABLE message_waiting ADD COLUMN ends_at timestamptz;

ALTER TABLE message DROP CONSTRAINT message_channel_check;
ALTER TABLE message ADD CONSTRAINT message_channel_check
    CHECK (channel IN ('push', 'wechat', 'sms', 'email', 'paper', 'none'));
ALTER TABLE message_sink DROP CONSTRAINT message_sink_channel_check;
ALTER TABLE message_sink ADD CONSTRAINT message_sink_channel_check
    CHECK (channel IN ('push', 'wechat', 'sms', 'email', 'paper'));

-- By which channel a step went; null: that of the message.
ALTER TABLE message_delivery ADD COLUMN channel text
    CHECK (channel IN ('push', 'wechat', 'sms', 'email', 'paper'));
