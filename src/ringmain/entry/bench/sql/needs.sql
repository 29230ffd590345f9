-- What a model expects of people: the shops that they have been to, as a real one would mostly say.
WITH learnt AS (
    INSERT INTO model (network_id, id, task, made_at, learnt_from, learnt_until, facts, metrics, baselines, sha256)
    VALUES (%(network)s, bench.uuid7(), 'bench', now(), now() - interval '170 days', now(), 0, '{}', '{}', sha256(''))
    RETURNING id
)
INSERT INTO need (network_id, subject_id, shop_id, place, next_chance, week_chance, been, model_id, made_at)
SELECT %(network)s, v.subject_id, v.shop_id, v.place, 0.6 / v.place, 0.9 / v.place, true, learnt.id, now()
FROM learnt, (
    SELECT subject_id, shop_id, row_number() OVER (PARTITION BY subject_id ORDER BY count(*) DESC, shop_id) AS place
    FROM sale WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) GROUP BY 1, 2
) AS v
WHERE v.place <= 10;
