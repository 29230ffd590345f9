-- Questions of an operator about what would happen (a shop leaves or comes, a budget doubles), answered by a job from a
-- made-up copy of the network, and kept with their answers.
CREATE TABLE what_if (
    network_id uuid NOT NULL REFERENCES network (network_id),
    id         uuid NOT NULL,
    question   jsonb NOT NULL,          -- simulate/what_if/change.py
    state      text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'running', 'stopping', 'done', 'failed')),
    lived      integer NOT NULL DEFAULT 0 CHECK (lived >= 0), -- pairs so far
    answer     jsonb,
    failure    text COLLATE "C",        -- the code of the rule that was broken
    asked_at   timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CHECK ((state = 'done') = (answer IS NOT NULL)),
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);
CALL protect_network_table('what_if');
