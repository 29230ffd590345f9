-- "This was not me": a person says so of a sale, or takes it back. The sale is never edited; whoever counts leaves it out.

CREATE TABLE sale_dispute (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    sale_id    uuid NOT NULL,
    subject_id uuid NOT NULL,       -- of the person who said it
    not_me     boolean NOT NULL,
    said_at    timestamptz NOT NULL,
    PRIMARY KEY (network_id, id)
);
CREATE INDEX sale_dispute_by_subject ON sale_dispute (network_id, subject_id, sale_id, id);
CALL protect_network_table('sale_dispute', append_only => true);
