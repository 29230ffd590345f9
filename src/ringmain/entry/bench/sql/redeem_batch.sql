-- The limit of a batch: the rows that a thousand redemptions write, in one statement and one transaction.
-- Variables: network, clients, first (number of the run's first batch), i (0 at the start).
\set b :first + :client_id + :clients * :i
\set i :i + 1
WITH till AS (
    SELECT t.* FROM bench.till t JOIN bench.batch b ON b.client = t.client WHERE b.number = :b
), spent AS (
    UPDATE voucher AS v SET remaining_minor = 0, held_minor = 0, uses = v.uses + 1, sequence = v.sequence + 1,
                            closed = 'spent', lock_key = NULL, lock_until = NULL
    FROM (SELECT unnest(ids) AS id FROM bench.batch WHERE number = :b) AS wanted
    WHERE v.network_id = :network AND v.id = wanted.id AND v.closed IS NULL
    RETURNING v.id, v.offer_id, v.sequence, v.face_minor
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
    SELECT (:network)::uuid, 'redemption', array_agg(redemption_id) FROM made
    UNION ALL
    SELECT (:network)::uuid, 'sale', array_agg(sale_id) FROM made
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
