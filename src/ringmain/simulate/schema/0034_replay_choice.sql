-- By which rule a replay's visits earn vouchers: a replay that was begun by one cannot go on by another.

ALTER TABLE replay_progress ADD COLUMN choice text NOT NULL DEFAULT 'most-followed';
