-- How tribes are served at scenes, what each version of a plan says, and who was met under which.

CREATE TABLE service_plan (
    network_id  uuid NOT NULL REFERENCES network (network_id),
    id          uuid NOT NULL,
    owner_id    uuid NOT NULL,          -- a merchant; the network's own id for its operator's
    tribe_id    uuid NOT NULL,
    scene       text COLLATE "C" NOT NULL
                CHECK (scene IN ('poster', 'nfc', 'link', 'screen', 'payment', 'share', 'message')),
    -- The key by which people are dealt: random, so that plans and campaigns are independent of each other.
    salt        bytea NOT NULL CHECK (octet_length(salt) = 16),
    held_out_bp smallint NOT NULL CHECK (held_out_bp BETWEEN 500 AND 2000),
    made_at     timestamptz NOT NULL,
    ended_at    timestamptz CHECK (ended_at >= made_at),
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, tribe_id) REFERENCES tribe (network_id, id)
);
-- One at a time: two plans of one owner for the same people would blur each other.
CREATE UNIQUE INDEX service_plan_once ON service_plan (network_id, owner_id, tribe_id, scene) WHERE ended_at IS NULL;

-- Never changed: what people were served has to be known later. A change is the next version.
CREATE TABLE service_plan_version (
    network_id   uuid NOT NULL,
    plan_id      uuid NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    offer_ids    uuid[] NOT NULL,       -- which come first
    benefits     jsonb NOT NULL,        -- a list of {en, zh}
    message_days smallint CHECK (message_days BETWEEN 1 AND 90),
    by_id        uuid NOT NULL,         -- the merchant, or the network where its operator did it
    made_at      timestamptz NOT NULL,
    PRIMARY KEY (network_id, plan_id, version),
    CHECK (cardinality(offer_ids) > 0 OR jsonb_array_length(benefits) > 0 OR message_days IS NOT NULL),
    FOREIGN KEY (network_id, plan_id) REFERENCES service_plan (network_id, id)
);

-- The first meeting of a person and a plan, in either group; tribe and scene are the plan's, for whoever reads facts.
CREATE TABLE service_plan_met (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,
    plan_id    uuid NOT NULL,
    version    integer NOT NULL,
    tribe_id   uuid NOT NULL,
    scene      text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    treated    boolean NOT NULL,
    met_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT service_plan_met_once UNIQUE (network_id, subject_id, plan_id),
    FOREIGN KEY (network_id, plan_id, version) REFERENCES service_plan_version (network_id, plan_id, version)
);
CREATE INDEX service_plan_met_by_plan ON service_plan_met (network_id, plan_id);

CALL protect_network_table('service_plan');
CALL protect_network_table('service_plan_version', append_only => true);
CALL protect_network_table('service_plan_met', append_only => true);

-- What ready packs have made for a merchant, so that each draft is made once, however often a pack is asked for.
CREATE TABLE pack_draft (
    network_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    pack        text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,  -- of the campaign within the pack
    campaign_id uuid NOT NULL,
    made_at     timestamptz NOT NULL,
    CONSTRAINT pack_draft_once PRIMARY KEY (network_id, merchant_id, pack, key),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id),
    FOREIGN KEY (network_id, campaign_id) REFERENCES campaign (network_id, id)
);
CALL protect_network_table('pack_draft', append_only => true);
