-- What people give of themselves (photo, answers to questions), and what they ask of those who keep it (with a clock).

-- Another thing a person may agree to: that tills of the network show their photo to whoever serves them.
ALTER TABLE consent_record DROP CONSTRAINT consent_record_purpose_check;
ALTER TABLE consent_record ADD CONSTRAINT consent_record_purpose_check
    CHECK (purpose IN ('personalisation', 'marketing', 'share_with_merchant', 'photo_at_till'));

-- A JPEG of 256 by 256 that we encoded ourselves, sealed with the member's key and gone with it.
CREATE TABLE member_photo (
    network_id  uuid NOT NULL,
    member_id   uuid NOT NULL,
    sealed      bytea NOT NULL CHECK (octet_length(sealed) <= 262144),
    taken_at    timestamptz NOT NULL,
    taken_by    uuid NOT NULL,
    PRIMARY KEY (network_id, member_id),
    FOREIGN KEY (network_id, member_id) REFERENCES member_key (network_id, member_id) ON DELETE CASCADE
);
CALL protect_network_table('member_photo');

-- What a person answered to a question of the allow-list (member/questions.py), sealed; also that they would not say.
CREATE TABLE member_answer (
    network_id  uuid NOT NULL,
    member_id   uuid NOT NULL,
    question    text COLLATE "C" NOT NULL,
    sealed      bytea NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, member_id, question),
    FOREIGN KEY (network_id, member_id) REFERENCES member_key (network_id, member_id) ON DELETE CASCADE
);
CALL protect_network_table('member_answer');

-- Fields of a person's image that they do not want to be shown or used (the names are those of `profile`).
CREATE TABLE member_hidden_field (
    network_id  uuid NOT NULL,
    member_id   uuid NOT NULL,
    field       text COLLATE "C" NOT NULL,
    hidden_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, member_id, field),
    FOREIGN KEY (network_id, member_id) REFERENCES member_key (network_id, member_id) ON DELETE CASCADE
);
CALL protect_network_table('member_hidden_field');

-- What a person asked of their data, by when it has to be answered, and what became of it. The row outlives an erasure
-- as the proof that it was answered in time; the words, sealed with the member's key, are deleted with that key.
CREATE TABLE privacy_request (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    member_id   uuid NOT NULL,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('export', 'erase', 'correct', 'object')),
    place       text COLLATE "C" NOT NULL CHECK (place IN ('till', 'page', 'paper', 'operator')),
    made_by     uuid NOT NULL,
    made_at     timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    outcome     text COLLATE "C" CHECK (outcome IN ('done', 'refused', 'moot')),
    answered_at timestamptz,
    answered_by uuid,
    words       bytea,
    answer      bytea,
    PRIMARY KEY (network_id, id),
    CHECK ((answered_at IS NULL) = (outcome IS NULL) AND (answered_at IS NULL) = (answered_by IS NULL)),
    FOREIGN KEY (network_id, member_id) REFERENCES member (network_id, id)
);
CREATE INDEX privacy_request_by_member ON privacy_request (network_id, member_id, id);
CREATE INDEX privacy_request_open ON privacy_request (network_id, due_at, id) WHERE answered_at IS NULL;
CALL protect_network_table('privacy_request');
