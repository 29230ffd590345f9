-- Who invited whom, what an invitation is worth, and how plays of a game are counted (docs/decisions/0030).

-- A link that somebody hands on: from where they have won, or a red packet.
CREATE TABLE invitation (
    network_id uuid NOT NULL REFERENCES network (network_id),
    scene_id   uuid NOT NULL,
    subject_id uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('link', 'red_packet')),
    device     bytea CHECK (octet_length(device) = 16),  -- a keyed hash of the phone it was made on, where that is known
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (network_id, scene_id),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
);
CREATE INDEX invitation_by_subject ON invitation (network_id, subject_id, scene_id);

-- Who became a member through an invitation, once; `refused` says why it counts for nobody.
CREATE TABLE referral (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    scene_id   uuid NOT NULL,
    sharer_id  uuid NOT NULL,
    friend_id  uuid NOT NULL,
    refused    text COLLATE "C" CHECK (refused IN ('same_phone')),
    joined_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT referral_once_a_person UNIQUE (network_id, friend_id),
    CHECK (sharer_id <> friend_id),
    FOREIGN KEY (network_id, scene_id) REFERENCES invitation (network_id, scene_id)
);
CREATE INDEX referral_by_sharer ON referral (network_id, sharer_id, id);
CREATE INDEX referral_by_time ON referral (network_id, joined_at) WHERE refused IS NULL;

-- The voucher that a friend's first visit earned; taken back where the visit was undone.
CREATE TABLE referral_reward (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    referral_id uuid NOT NULL,
    sale_id     uuid NOT NULL,
    voucher_id  uuid NOT NULL,
    rewarded_at timestamptz NOT NULL,
    undone_at   timestamptz,
    PRIMARY KEY (network_id, id),
    UNIQUE (network_id, referral_id, sale_id),
    FOREIGN KEY (network_id, referral_id) REFERENCES referral (network_id, id),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);
CREATE UNIQUE INDEX referral_rewarded_once ON referral_reward (network_id, referral_id) WHERE undone_at IS NULL;

-- What a friend's first visit earns; nothing where there is no row.
CREATE TABLE referral_rule (
    network_id   uuid PRIMARY KEY REFERENCES network (network_id),
    offer_id     uuid NOT NULL,
    most_a_month integer NOT NULL CHECK (most_a_month BETWEEN 1 AND 100),
    set_at       timestamptz NOT NULL,
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id)
);

CALL protect_network_table('invitation', append_only => true);
CALL protect_network_table('referral', append_only => true);
CALL protect_network_table('referral_reward');
CALL protect_network_table('referral_rule');

-- Somebody was given the offer of a campaign by hand, beside what chance deals: their group says nothing of the campaign.
CREATE TABLE campaign_breach (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,      -- of the voucher
    campaign_id uuid NOT NULL,
    subject_id  uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id),
    FOREIGN KEY (network_id, id) REFERENCES voucher (network_id, id)
);
CREATE INDEX campaign_breach_by_campaign ON campaign_breach (network_id, campaign_id, subject_id);
CALL protect_network_table('campaign_breach', append_only => true);

-- How many plays a game had when an hour began, once per hour: what lots count anyway, so that no play updates a counter
-- of its own. Plays of an hour are the difference to the next one.
ALTER TABLE game_hour ADD COLUMN plays_before bigint CHECK (plays_before >= 0);
UPDATE game_hour h SET plays_before = w.before
FROM (SELECT network_id, game_id, hour,
             sum(plays) OVER (PARTITION BY network_id, game_id ORDER BY hour) - plays AS before FROM game_hour) w
WHERE (h.network_id, h.game_id, h.hour) = (w.network_id, w.game_id, w.hour);
ALTER TABLE game_hour ALTER COLUMN plays_before SET NOT NULL, DROP COLUMN plays;
REVOKE UPDATE, DELETE ON game_hour FROM app_network, worker;
