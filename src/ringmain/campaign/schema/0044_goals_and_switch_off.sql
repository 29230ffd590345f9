-- After how many days without a purchase at its merchant's shops a guest has stayed away, for campaigns that bring such
-- guests back. Campaigns that stand already get the usual sixty.
ALTER TABLE campaign ADD COLUMN lapsed_days smallint NOT NULL DEFAULT 60 CHECK (lapsed_days BETWEEN 7 AND 730);

-- Planned switch-offs: for some days no campaign gives anything at the shops of some areas, drawn by chance, so that what
-- visits remain without the money is seen beside areas where it flows on. At most one at a time (checked under a lock).
CREATE TABLE switch_off (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    salt       bytea NOT NULL CHECK (octet_length(salt) = 16),  -- the key by which areas are drawn
    share_bp   integer NOT NULL CHECK (share_bp BETWEEN 1000 AND 5000), -- of 10,000 areas so many are off
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (ends_at > starts_at),
    planned_at timestamptz NOT NULL,
    stopped_at timestamptz,             -- called off, or ended early; null: not
    PRIMARY KEY (network_id, id)
);
CALL protect_network_table('switch_off');
