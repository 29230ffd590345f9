-- Vouchers by message that were taken back because nobody had heard of them.
CREATE TABLE message_unheard (
    network_id     uuid NOT NULL,
    choice_id      uuid NOT NULL,
    message_id     uuid NOT NULL,
    reason         text NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'), -- of the last failure
    released_minor bigint NOT NULL CHECK (released_minor >= 0),     -- back to who funds it
    taken_back_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, choice_id),
    FOREIGN KEY (network_id, choice_id) REFERENCES message_choice (network_id, id)
);
CALL protect_network_table('message_unheard', append_only => true);
