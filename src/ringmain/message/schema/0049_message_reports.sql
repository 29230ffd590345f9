-- What providers tell of messages after they took them, which addresses they cannot reach, and where a message goes next.

ALTER TABLE message_delivery
    DROP CONSTRAINT message_delivery_state_check,
    DROP CONSTRAINT message_delivery_check,
    ADD CONSTRAINT message_delivery_state_check CHECK (
        state IN ('queued', 'sent', 'delivered', 'opened', 'complained', 'failed', 'bounced', 'refused')),
    ADD CONSTRAINT message_delivery_why_check CHECK (state NOT IN ('failed', 'bounced', 'refused') OR reason IS NOT NULL),
    -- Of what failed: whether another try by this way would fail, too.
    ADD COLUMN hard boolean,
    -- Told when something later was known already: a fact, but not how the message stands.
    ADD COLUMN late boolean NOT NULL DEFAULT false;

-- How long somebody wants a message, so that it can go another way after a provider has taken it, and failed.
ALTER TABLE message
    ADD COLUMN useful_until timestamptz,
    ADD COLUMN ends_at timestamptz;
-- The channels by which it failed: it goes by the next one of its person.
ALTER TABLE message_waiting ADD COLUMN tried text[] NOT NULL DEFAULT '{}';
-- It waits for the next receipt that is printed for its person; due when nobody wants it any more.
ALTER TABLE message_waiting ADD COLUMN on_paper boolean NOT NULL DEFAULT false;

-- Which channel of a person is stopped because messages cannot arrive there: until its address is confirmed after that.
CREATE TABLE message_channel_stop (
    network_id uuid NOT NULL REFERENCES network (network_id),
    subject_id uuid NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('push', 'wechat', 'sms', 'email')),
    reason     text NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'),
    stopped_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, subject_id, channel)
);
CALL protect_network_table('message_channel_stop');

-- A text message that says STOP is an answer, too.
ALTER TABLE consent_record DROP CONSTRAINT consent_record_place_check;
ALTER TABLE consent_record ADD CONSTRAINT consent_record_place_check
    CHECK (place IN ('till', 'page', 'paper', 'operator', 'message'));

-- How many people could be sent nothing by a day's round, by the rule that kept them back.
ALTER TABLE message_round ADD COLUMN kept_back jsonb NOT NULL DEFAULT '{}';
