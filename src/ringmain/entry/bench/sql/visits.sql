-- Visits of people: each has nine shops of their own, and comes to them in turn over the last 170 days.
INSERT INTO sale (network_id, id, merchant_id, shop_id, subject_id, minimal, total_minor, currency, tenders, sold_at)
SELECT %(network)s, (left(first_uuid7(t.at)::text, 14) || right(gen_random_uuid()::text, 22))::uuid,
       (%(merchants)s::uuid[])[t.place], (%(shops)s::uuid[])[t.place], s.subject_id, false, 1000 + 100 * (k %% 20),
       %(currency)s, '[{"kind": "card", "amount_minor": 1000}]', t.at
FROM unnest(%(subjects)s::uuid[]) WITH ORDINALITY AS s (subject_id, number)
CROSS JOIN generate_series(1, %(each)s) AS k
CROSS JOIN LATERAL (
    SELECT now() - k * interval '170 days' / %(each)s,
           (1 + (s.number * 7919 + (k %% 9) * 104729) %% cardinality(%(shops)s::uuid[]))::integer
) AS t (at, place);
