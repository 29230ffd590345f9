-- What people do not want to see again: "not for me", of a shop or of one offer.

-- Facts, kept under the unlinkable subject id: a block is withdrawn by adding a row. The last row of a target counts.
CREATE TABLE match_block (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    -- Rows of one moment have an order, too: the last one counts.
    sequence    bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    subject_id  uuid NOT NULL,
    shop_id     uuid,
    offer_id    uuid,
    withdrawn   boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK ((shop_id IS NULL) <> (offer_id IS NULL)),
    FOREIGN KEY (network_id, shop_id) REFERENCES shop (network_id, id),
    FOREIGN KEY (network_id, offer_id) REFERENCES offer (network_id, id)
);
CREATE INDEX match_block_by_subject ON match_block (network_id, subject_id, sequence);
CALL protect_network_table('match_block', append_only => true);
