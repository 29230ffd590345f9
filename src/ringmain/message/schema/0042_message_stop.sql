-- Of which message somebody used the link that stops them: what senders learn by. Once for a message.
CREATE TABLE message_stop (
    network_id uuid NOT NULL,
    message_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    everything boolean NOT NULL, -- receipts and vouchers, too; else reminders and offers
    stopped_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, message_id),
    FOREIGN KEY (network_id, message_id) REFERENCES message (network_id, id)
);
CALL protect_network_table('message_stop', append_only => true);
