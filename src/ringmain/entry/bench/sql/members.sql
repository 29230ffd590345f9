-- Members by their numbers, who agreed to personal answers. Nothing of theirs is sealed: what needs their key cannot be
-- asked for them.
INSERT INTO member (network_id, id, canonical_id, joined_at)
SELECT %(network)s, bench.member_id(n), bench.member_id(n), now() - interval '1 year'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n;

INSERT INTO member_key (network_id, member_id, subject_id, master_version, wrapped, code_id)
SELECT %(network)s, bench.member_id(n), bench.subject_id(n), 1, '\x00', gen_random_uuid()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n;

INSERT INTO consent_record (network_id, id, member_id, purpose, granted, text_version, language, place, recorded_by,
                            recorded_at)
SELECT %(network)s, bench.uuid7(), bench.member_id(n), 'personalisation', true, '2026-01', 'en', 'page',
       bench.member_id(n), now() - interval '1 year'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n;
