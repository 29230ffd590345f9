-- People, their identifiers, consents, merges and erasures.
--
-- Everything personal hangs on member_key: its wrapped data key opens the sealed columns, its subject_id is the only
-- link from a person to facts. Deleting that row erases the person.

CREATE TABLE member (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id uuid NOT NULL,
    -- The member that stands for this person: itself, or the one into which it was merged.
    canonical_id uuid NOT NULL,
    joined_at timestamptz NOT NULL,
    erased_at timestamptz,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, canonical_id) REFERENCES member (network_id, id)
);
CREATE INDEX member_merged ON member (network_id, canonical_id) WHERE canonical_id <> id;
CALL protect_network_table('member');

CREATE TABLE member_key (
    network_id uuid NOT NULL,
    member_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    master_version smallint NOT NULL,
    wrapped bytea NOT NULL,
    -- Sealed with the data key.
    name bytea,
    language text CHECK (language IN ('en', 'zh')),
    -- What a rotating code calls this member; and the last 30-second step whose code was used.
    code_id uuid NOT NULL,
    code_step bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (network_id, member_id),
    UNIQUE (network_id, subject_id),
    UNIQUE (network_id, code_id),
    FOREIGN KEY (network_id, member_id) REFERENCES member (network_id, id)
);
CALL protect_network_table('member_key');

CREATE TABLE member_identifier (
    network_id uuid NOT NULL,
    id uuid NOT NULL,
    -- The member it was given for: the data key of this member seals it, also after a merge.
    member_id uuid NOT NULL,
    -- 1 phone, 2 card token, 3 WeChat payer, 4 Alipay payer, 5 tag (member.model.IdentifierKind).
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    hash_version smallint NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 16),
    sealed bytea NOT NULL,
    attached_at timestamptz NOT NULL,
    verified_at timestamptz,
    PRIMARY KEY (network_id, id),
    CONSTRAINT member_identifier_once UNIQUE (network_id, kind, hash),
    -- Deferred: an identifier is claimed before its member is made, so that a lost race leaves no half member.
    FOREIGN KEY (network_id, member_id) REFERENCES member_key (network_id, member_id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX member_identifier_member ON member_identifier (network_id, member_id);
CALL protect_network_table('member_identifier');

CREATE TABLE consent_record (
    network_id uuid NOT NULL,
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('personalisation', 'marketing', 'share_with_merchant')),
    -- Handing personal data to another handler needs its own consent per recipient (PIPL, article 23).
    recipient_merchant_id uuid,
    granted boolean NOT NULL,
    text_version text NOT NULL,
    language text NOT NULL CHECK (language IN ('en', 'zh')),
    -- Where it was said: a till, a page, a paper form, or an operator at a request by letter.
    place text NOT NULL CHECK (place IN ('till', 'page', 'paper', 'operator')),
    shop_id uuid,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK ((purpose = 'share_with_merchant') = (recipient_merchant_id IS NOT NULL)),
    FOREIGN KEY (network_id, member_id) REFERENCES member (network_id, id),
    FOREIGN KEY (network_id, recipient_merchant_id) REFERENCES merchant (network_id, id),
    FOREIGN KEY (network_id, shop_id) REFERENCES shop (network_id, id)
);
CREATE INDEX consent_record_member ON consent_record (network_id, member_id, recorded_at);
-- A consent is withdrawn by adding a record, never by changing one.
CALL protect_network_table('consent_record', append_only => true);

CREATE TABLE member_merge (
    network_id uuid NOT NULL,
    id uuid NOT NULL,
    from_id uuid NOT NULL,
    into_id uuid NOT NULL,
    merged_at timestamptz NOT NULL,
    merged_by uuid NOT NULL,
    reversed_at timestamptz,
    reversed_by uuid,
    PRIMARY KEY (network_id, id),
    CHECK (from_id <> into_id),
    CHECK ((reversed_at IS NULL) = (reversed_by IS NULL)),
    FOREIGN KEY (network_id, from_id) REFERENCES member (network_id, id),
    FOREIGN KEY (network_id, into_id) REFERENCES member (network_id, id)
);
-- A member is merged into one other at a time, so that merges form trees and each can be undone by itself.
CREATE UNIQUE INDEX member_merge_active ON member_merge (network_id, from_id) WHERE reversed_at IS NULL;
CREATE INDEX member_merge_into ON member_merge (network_id, into_id) WHERE reversed_at IS NULL;
CALL protect_network_table('member_merge');

-- Facts keep the subject they were made for; this table says which subject stands for them now. It knows no member and
-- outlives erasure, so that counts of people do not change when a person leaves.
CREATE TABLE subject_alias (
    network_id uuid NOT NULL REFERENCES network (network_id),
    subject_id uuid NOT NULL,
    canonical_subject_id uuid NOT NULL,
    PRIMARY KEY (network_id, subject_id),
    CHECK (subject_id <> canonical_subject_id)
);
CREATE INDEX subject_alias_canonical ON subject_alias (network_id, canonical_subject_id);
CALL protect_network_table('subject_alias');

-- A question that a person has to answer: the code sent to their phone, or their phone at the first payment.
CREATE TABLE member_challenge (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    phone_hash bytea,
    -- Phone and payment tokens, sealed with a key derived for this challenge from the master key of this version.
    master_version smallint NOT NULL,
    sealed bytea NOT NULL,
    code_hash bytea,
    tries_left smallint NOT NULL CHECK (tries_left >= 0),
    PRIMARY KEY (network_id, id)
);
CREATE INDEX member_challenge_phone ON member_challenge (network_id, phone_hash, made_at);
CREATE INDEX member_challenge_expiry ON member_challenge (network_id, expires_at);
CALL protect_network_table('member_challenge');

-- Where one-time codes go in development instead of a text message. In production nothing writes here.
CREATE TABLE one_time_code_development (
    network_id uuid NOT NULL,
    challenge_id uuid NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (network_id, challenge_id),
    FOREIGN KEY (network_id, challenge_id) REFERENCES member_challenge (network_id, id) ON DELETE CASCADE
);
CALL protect_network_table('one_time_code_development');

-- Who was erased and when: applied again after a restore from a backup that still knows them.
CREATE TABLE member_erasure (
    network_id uuid NOT NULL REFERENCES network (network_id),
    member_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    erased_by uuid NOT NULL,
    PRIMARY KEY (network_id, member_id)
);
CALL protect_network_table('member_erasure', append_only => true);

-- Which master keys have encrypted something in this database, by fingerprint: start-up refuses another key file. It
-- belongs to the installation and not to a network, so it is exempt from row-level security (allow-list).
CREATE TABLE master_key_fingerprint (
    version smallint PRIMARY KEY,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 16)
);
GRANT SELECT, INSERT ON master_key_fingerprint TO app_network, worker;
