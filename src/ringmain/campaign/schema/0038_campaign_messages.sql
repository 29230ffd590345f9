-- Who gets which voucher by message: one round per network and day, chosen as a whole and given in pieces.

CREATE TABLE message_round (
    network_id uuid NOT NULL REFERENCES network (network_id),
    day        date NOT NULL,           -- of the network
    planned_at timestamptz NOT NULL,
    people     integer NOT NULL,        -- who could be sent something
    candidates integer NOT NULL,        -- pairs of a person and a voucher that is worth more than its price
    gap        double precision NOT NULL CHECK (gap BETWEEN 0 AND 1),
    PRIMARY KEY (network_id, day)
);

-- What a round chose, before anything was given; `propensity` is the probability of this voucher for this person.
CREATE TABLE message_choice (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,          -- its voucher has the same id: nothing is given twice
    day         date NOT NULL,
    subject_id  uuid NOT NULL,
    campaign_id uuid NOT NULL,
    offer_id    uuid NOT NULL,
    shop_id     uuid NOT NULL,          -- to which it leads
    from_shop   uuid,                   -- where the person bought something last
    value       double precision NOT NULL,
    price       double precision NOT NULL,
    candidates  integer NOT NULL CHECK (candidates > 0),
    propensity  double precision NOT NULL CHECK (propensity > 0 AND propensity <= 1),
    explored    boolean NOT NULL,       -- left to chance alone
    treated     boolean NOT NULL,       -- false: the person, or the turn, is compared with, and gets nothing
    chosen_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT message_choice_once_a_day UNIQUE (network_id, day, subject_id),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id),
    FOREIGN KEY (network_id, day) REFERENCES message_round (network_id, day)
);
CREATE INDEX message_choice_by_campaign ON message_choice (network_id, campaign_id);

-- What became of a choice: its voucher and message, or which rule refused them when it came to giving.
CREATE TABLE message_outcome (
    network_id uuid NOT NULL,
    choice_id  uuid NOT NULL,
    message_id uuid,
    refusal    text COLLATE "C" CHECK (refusal ~ '^[a-z_]{1,40}$'),
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, choice_id),
    CHECK ((message_id IS NULL) = (refusal IS NOT NULL)),
    FOREIGN KEY (network_id, choice_id) REFERENCES message_choice (network_id, id)
);

CALL protect_network_table('message_round', append_only => true);
CALL protect_network_table('message_choice', append_only => true);
CALL protect_network_table('message_outcome', append_only => true);

ALTER TABLE cap DROP CONSTRAINT cap_channel_check;
ALTER TABLE cap ADD CONSTRAINT cap_channel_check CHECK (channel IN ('', 'scene', 'receipt', 'search', 'message'));
