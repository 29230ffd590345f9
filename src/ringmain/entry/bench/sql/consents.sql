-- What members agreed to, by the page that they joined by.
INSERT INTO consent_record (network_id, id, member_id, purpose, granted, text_version, language, place, recorded_by,
                            recorded_at)
SELECT %(network)s, bench.uuid7(), m, p, true, '2026-01', 'en', 'page', m, now() - interval '1 year'
FROM unnest(%(members)s::uuid[]) AS m CROSS JOIN unnest(%(purposes)s::text[]) AS p;
