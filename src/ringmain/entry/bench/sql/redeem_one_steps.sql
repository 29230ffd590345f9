-- The limit of a single redemption: the rows that one redemption writes, as statements of one transaction in a pipeline.
-- Variables: network, merchants, per_merchant, first (of the run, in each merchant's order), i (0 at the start).
\set k :first + :client_id / :merchants + (:clients / :merchants) * :i
\set i :i + 1
\set n :merchants * permute(:k, :per_merchant, 42) + mod(:client_id, :merchants)
\startpipeline
BEGIN;
SELECT id FROM voucher
WHERE network_id = :network AND id = bench.voucher_id(:n) AND closed IS NULL FOR NO KEY UPDATE;
UPDATE voucher SET remaining_minor = 0, held_minor = 0, uses = uses + 1, sequence = sequence + 1, closed = 'spent',
                   lock_key = NULL, lock_until = NULL
WHERE network_id = :network AND id = bench.voucher_id(:n) AND closed IS NULL;
INSERT INTO redemption (network_id, id, voucher_id, sequence, sale_id, merchant_id, shop_id, terminal_id, subject_id,
                        amount_minor, fee_minor, released_minor, currency, redeemed_at)
SELECT network_id, bench.uuid7(), bench.voucher_id(:n), 1, bench.uuid7(), merchant_id, shop_id, terminal_id, NULL,
       200, 0, 0, 'EUR', clock_timestamp()
FROM bench.till WHERE client = :client_id;
INSERT INTO ledger_transfer (network_id, id, debit_account_id, credit_account_id, amount_minor, currency, code, state,
                             reference_id, pending_id, posted_at)
SELECT network_id, bench.uuid7(), held_id, payable_id, 200, 'EUR', 12, 0, bench.voucher_id(:n), NULL, clock_timestamp()
FROM bench.till WHERE client = :client_id;
INSERT INTO sale (network_id, id, merchant_id, shop_id, terminal_id, subject_id, receipt, minimal, total_minor,
                  redeemed_minor, currency, tenders, sold_at)
SELECT network_id, bench.uuid7(), merchant_id, shop_id, terminal_id, NULL, NULL, true, 200, 200, 'EUR', NULL,
       clock_timestamp()
FROM bench.till WHERE client = :client_id;
INSERT INTO outbox (network_id, kind, ids)
VALUES (:network, 'redemption', ARRAY[bench.voucher_id(:n)]), (:network, 'sale', ARRAY[bench.voucher_id(:n)]);
INSERT INTO idempotency_key (network_id, principal_id, operation, key, payload_hash, code, answer)
SELECT network_id, terminal_id, 1, replace(gen_random_uuid()::text, '-', ''), uuid_send(gen_random_uuid()), 'decided',
       jsonb_build_object(
           'sale_id', shop_id, 'sold_at', clock_timestamp(), 'total_minor', 200, 'redeemed_minor', 200,
           'to_pay_minor', 0, 'currency', 'EUR', 'recognised', false, 'ask_for_phone', false,
           'redemptions', jsonb_build_array(jsonb_build_object(
               'redemption_id', shop_id, 'voucher_id', bench.voucher_id(:n), 'offer_id', offer_id,
               'amount_minor', 200, 'remaining_minor', 0, 'currency', 'EUR')))
FROM bench.till WHERE client = :client_id;
COMMIT;
\endpipeline
