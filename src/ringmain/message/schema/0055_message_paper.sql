-- Who is printed receipts.


CREATE TABLE message_paper (
    network_id uuid NOT NULL REFERENCES network (network_id),
    subject_id uuid NOT NULL,
    printed_at timestamptz NOT NULL, -- the last one
    PRIMARY KEY (network_id, subject_id)
);
CALL protect_network_table('message_paper');

-- Failures are few among many steps: whoever looks for what nobody heard of reads these alone.
CREATE INDEX message_delivery_failed ON message_delivery (network_id, id)
    WHERE state IN ('failed', 'bounced', 'refused') AND NOT late;
