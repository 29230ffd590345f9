-- Red packets: a won voucher is divided by chance into parts, which friends open by a link (docs/decisions/0030).

-- Parts of a voucher are found by the voucher that they were split off; other vouchers are not in this index.
CREATE INDEX voucher_split ON voucher (network_id, origin_id) WHERE origin_kind = 'split';

-- What is not opened stays in the voucher, which nobody can spend before the packet ends.
CREATE TABLE red_packet (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,         -- also the key by which its voucher is put aside
    voucher_id   uuid NOT NULL,
    offer_id     uuid NOT NULL,
    subject_id   uuid NOT NULL,         -- who made it
    scene_id     uuid NOT NULL,         -- its link
    parts        smallint NOT NULL CHECK (parts BETWEEN 2 AND 10),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    least_minor  bigint NOT NULL CHECK (least_minor > 0),
    seed         bytea NOT NULL CHECK (octet_length(seed) = 16),  -- by which the parts can be worked out again
    made_at      timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL CHECK (ends_at > made_at),
    ended_at     timestamptz,
    PRIMARY KEY (network_id, id),
    UNIQUE (network_id, scene_id),
    CHECK (least_minor * parts <= amount_minor),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id),
    FOREIGN KEY (network_id, scene_id) REFERENCES scene (network_id, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX red_packet_of_voucher ON red_packet (network_id, voucher_id) WHERE ended_at IS NULL;
CREATE INDEX red_packet_open ON red_packet (network_id, ends_at) WHERE ended_at IS NULL;
CREATE INDEX red_packet_by_maker ON red_packet (network_id, subject_id, id);

-- What was drawn when the packet was made, in the order in which parts are opened.
CREATE TABLE red_packet_part (
    network_id   uuid NOT NULL,
    packet_id    uuid NOT NULL,
    number       smallint NOT NULL CHECK (number BETWEEN 1 AND 10),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    fee_minor    bigint NOT NULL CHECK (fee_minor >= 0),
    PRIMARY KEY (network_id, packet_id, number),
    FOREIGN KEY (network_id, packet_id) REFERENCES red_packet (network_id, id)
);

-- Who opened which part: each part once, each person once.
CREATE TABLE red_packet_opening (
    network_id uuid NOT NULL,
    packet_id  uuid NOT NULL,
    number     smallint NOT NULL,
    subject_id uuid NOT NULL,
    voucher_id uuid NOT NULL,
    opened_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, packet_id, number),
    CONSTRAINT red_packet_once_a_person UNIQUE (network_id, packet_id, subject_id),
    FOREIGN KEY (network_id, packet_id, number) REFERENCES red_packet_part (network_id, packet_id, number),
    FOREIGN KEY (network_id, voucher_id) REFERENCES voucher (network_id, id)
);

CREATE FUNCTION keep_red_packets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'ended_at') IS DISTINCT FROM (to_jsonb(OLD) - 'ended_at') OR OLD.ended_at IS NOT NULL THEN
        RAISE integrity_constraint_violation USING MESSAGE = 'a red packet is made once and ends once';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER red_packet_stays BEFORE UPDATE ON red_packet FOR EACH ROW EXECUTE FUNCTION keep_red_packets();

CALL protect_network_table('red_packet');
CALL protect_network_table('red_packet_part', append_only => true);
CALL protect_network_table('red_packet_opening', append_only => true);

ALTER TABLE cap DROP CONSTRAINT cap_channel_check;
ALTER TABLE cap ADD CONSTRAINT cap_channel_check
    CHECK (channel IN ('', 'scene', 'receipt', 'search', 'message', 'share'));
