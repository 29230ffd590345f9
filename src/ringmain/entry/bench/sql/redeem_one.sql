-- The limit of a single redemption: the rows that one redemption writes, in one statement and one transaction.
-- Variables: network, merchants, per_merchant, first (of the run, in each merchant's order), i (0 at the start).
\set k :first + :client_id / :merchants + (:clients / :merchants) * :i
\set i :i + 1
\set n :merchants * permute(:k, :per_merchant, 42) + mod(:client_id, :merchants)
WITH till AS (
    SELECT * FROM bench.till WHERE client = :client_id
), spent AS (
    UPDATE voucher SET remaining_minor = 0, held_minor = 0, uses = uses + 1, sequence = sequence + 1, closed = 'spent',
                       lock_key = NULL, lock_until = NULL
    WHERE network_id = :network AND id = bench.voucher_id(:n) AND closed IS NULL
    RETURNING id, offer_id, sequence, face_minor
), made AS MATERIALIZED (
    SELECT bench.uuid7() AS redemption_id, bench.uuid7() AS sale_id, clock_timestamp() AS at, t.*, s.id AS voucher_id,
           s.sequence, s.face_minor
    FROM spent s, till t
), redeemed AS (
    INSERT INTO redemption (network_id, id, voucher_id, sequence, sale_id, merchant_id, shop_id, terminal_id, subject_id,
                            amount_minor, fee_minor, released_minor, currency, redeemed_at)
    SELECT network_id, redemption_id, voucher_id, sequence, sale_id, merchant_id, shop_id, terminal_id, NULL,
           face_minor, 0, 0, 'EUR', at
    FROM made
), posted AS (
    INSERT INTO ledger_transfer (network_id, id, debit_account_id, credit_account_id, amount_minor, currency, code, state,
                                 reference_id, pending_id, posted_at)
    SELECT network_id, bench.uuid7(), held_id, payable_id, face_minor, 'EUR', 12, 0, redemption_id, NULL, at FROM made
), sold AS (
    INSERT INTO sale (network_id, id, merchant_id, shop_id, terminal_id, subject_id, receipt, minimal, total_minor,
                      redeemed_minor, currency, tenders, sold_at)
    SELECT network_id, sale_id, merchant_id, shop_id, terminal_id, NULL, NULL, true, face_minor, face_minor, 'EUR', NULL,
           at
    FROM made
), announced AS (
    INSERT INTO outbox (network_id, kind, ids)
    SELECT network_id, kind, ids
    FROM made, LATERAL (VALUES ('redemption', ARRAY[redemption_id]), ('sale', ARRAY[sale_id])) AS fact (kind, ids)
)
INSERT INTO idempotency_key (network_id, principal_id, operation, key, payload_hash, code, answer)
SELECT network_id, terminal_id, 1, replace(gen_random_uuid()::text, '-', ''), uuid_send(gen_random_uuid()), 'decided',
       jsonb_build_object(
           'sale_id', sale_id, 'sold_at', at, 'total_minor', face_minor, 'redeemed_minor', face_minor,
           'to_pay_minor', 0, 'currency', 'EUR', 'recognised', false, 'ask_for_phone', false,
           'redemptions', jsonb_build_array(jsonb_build_object(
               'redemption_id', redemption_id, 'voucher_id', voucher_id, 'offer_id', offer_id,
               'amount_minor', face_minor, 'remaining_minor', 0, 'currency', 'EUR')))
FROM made;
