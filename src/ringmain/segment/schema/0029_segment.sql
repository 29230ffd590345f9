-- Segments: groups that a rule defines, who is in them now, and when somebody joined or left.

CREATE TABLE segment (
    network_id   uuid NOT NULL REFERENCES network (network_id),
    id           uuid NOT NULL,
    -- Whose it is: a merchant's, of its own guests; NULL: the network's.
    merchant_id  uuid,
    name         text NOT NULL,
    -- Clauses that all have to hold (segment/model.py). Never changed: another rule is another segment.
    rule         jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    archived_at  timestamptz,
    -- How far the first look at everybody has come: the last person, how many, of how many; and when it ended.
    filled_after uuid,
    looked_at    bigint NOT NULL DEFAULT 0,
    to_look_at   bigint NOT NULL DEFAULT 0,
    filled_at    timestamptz,
    -- What its merchant is told where a clause is not about its own shops: counted once a week, in fives, NULL below ten.
    told_week    date,
    told_people  integer CHECK (told_people >= 10 AND told_people % 5 = 0),
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);
CREATE INDEX segment_live ON segment (network_id, id) WHERE archived_at IS NULL;
CALL protect_network_table('segment', 'merchant_id');

-- Who is in a segment now. Hangs on the person's key: who is erased is in none from that moment.
CREATE TABLE segment_member (
    network_id uuid NOT NULL,
    segment_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    since      timestamptz NOT NULL,
    PRIMARY KEY (network_id, segment_id, subject_id),
    FOREIGN KEY (network_id, segment_id) REFERENCES segment (network_id, id),
    FOREIGN KEY (network_id, subject_id) REFERENCES member_key (network_id, subject_id) ON DELETE CASCADE
);
CREATE INDEX segment_member_by_subject ON segment_member (network_id, subject_id);
CALL protect_network_table('segment_member');

-- When a person has to be looked at again, because time alone may have changed an answer, and because of which fact.
CREATE TABLE segment_due (
    network_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    due_at     timestamptz NOT NULL,
    cause_kind text COLLATE "C" NOT NULL,
    cause_id   uuid,
    PRIMARY KEY (network_id, subject_id),
    FOREIGN KEY (network_id, subject_id) REFERENCES member_key (network_id, subject_id) ON DELETE CASCADE
);
CREATE INDEX segment_due_by_time ON segment_due (network_id, due_at, subject_id);
CALL protect_network_table('segment_due');

-- Facts: somebody joined or left, and the fact that caused it (`time` and `filled` are none, and have no id).
CREATE TABLE segment_change (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    segment_id  uuid NOT NULL,
    -- Who may be told besides the operator: the segment's merchant where every clause is about its own shops.
    merchant_id uuid,
    subject_id  uuid NOT NULL,
    joined      boolean NOT NULL,
    cause_kind  text COLLATE "C" NOT NULL,
    cause_id    uuid,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    FOREIGN KEY (network_id, segment_id) REFERENCES segment (network_id, id)
);
CREATE INDEX segment_change_by_subject ON segment_change (network_id, subject_id, segment_id);
CALL protect_network_table('segment_change', append_only => true);
