-- The toy anchor of a single redemption: a voucher, a redemption and two ledger rows in plain tables, one index each.
-- Variables: as in redeem_one.sql.
\set k :first + :client_id / :merchants + (:clients / :merchants) * :i
\set i :i + 1
\set n :merchants * permute(:k, :per_merchant, 42) + mod(:client_id, :merchants)
WITH spent AS (
    UPDATE bench.toy_voucher SET remaining = 0 WHERE id = :n AND remaining > 0 RETURNING id
), redeemed AS (
    INSERT INTO bench.toy_redemption (id, voucher_id) SELECT bench.uuid7(), id FROM spent RETURNING id
)
INSERT INTO bench.toy_ledger (id, account, amount, redemption_id)
SELECT bench.uuid7(), side, side * 200, id FROM redeemed, (VALUES (1), (-1)) AS entry (side);
