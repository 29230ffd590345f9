-- Where people meet the network, and each such meeting.

CREATE TABLE scene (
    network_id  uuid NOT NULL REFERENCES network (network_id),
    id          uuid NOT NULL,
    kind        text COLLATE "C" NOT NULL
                CHECK (kind IN ('poster', 'nfc', 'link', 'screen', 'payment', 'search', 'share')),
    name        text NOT NULL CHECK (name <> ''),
    -- Null: the network's own scene, at no shop.
    shop_id     uuid,
    merchant_id uuid,
    -- 128 random bits, base64url: what QR codes, tags and links carry.
    token       text COLLATE "C" NOT NULL CHECK (length(token) = 22),
    made_at     timestamptz NOT NULL,
    retired_at  timestamptz,
    PRIMARY KEY (network_id, id),
    UNIQUE (network_id, token),
    CHECK ((shop_id IS NULL) = (merchant_id IS NULL)),
    FOREIGN KEY (network_id, shop_id, merchant_id) REFERENCES shop (network_id, id, merchant_id)
);
CREATE INDEX scene_by_shop ON scene (network_id, shop_id, id);
CALL protect_network_table('scene', 'merchant_id');

-- Which network a token belongs to, for phones that come with nothing but the token. It is read before the network is
-- known and holds nothing else, so it is exempt from row-level security (allow-list).
CREATE TABLE scene_directory (
    token      text COLLATE "C" PRIMARY KEY,
    network_id uuid NOT NULL
);
GRANT SELECT, INSERT ON scene_directory TO app_network;

-- Facts: one row per meeting, by the month that its UUIDv7 id carries; never changed.
CREATE TABLE touch (
    network_id uuid NOT NULL,
    id         uuid NOT NULL,       -- UUIDv7 of the time of the touch
    scene_id   uuid NOT NULL,
    shop_id    uuid,
    subject_id uuid,                -- null where nobody was identified
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
) PARTITION BY RANGE (id);
-- Partitions are made ahead, by month; a touch outside them lands in the default one and is never lost.
CREATE TABLE touch_default PARTITION OF touch DEFAULT;
CALL protect_network_table('touch', append_only => true);
CALL protect_network_table('touch_default');
