-- Leading cadres in their own branch and at their contact points: they are few, so their own
-- attendances come first.
WITH theirs AS (
    SELECT a.activity_id, a.kind, a.held_on, a.year_start AS period_start, t.role, t.person_id,
           h.org_id
    FROM (SELECT * FROM attendances
          WHERE person_id IN (SELECT person_id FROM posts WHERE post = 'leading_cadre')) t
    JOIN held a ON a.activity_id = t.activity_id
    JOIN hosts h ON h.activity_id = a.activity_id
    WHERE a.year_start IS NOT NULL AND (a.kind = 'org_life_meeting'
        OR a.kind = 'party_lecture' AND t.role = 'lecturer')
),
at_own_branch AS (
    SELECT t.kind, t.person_id, t.period_start, COUNT(DISTINCT t.activity_id) AS times
    FROM theirs t
    JOIN memberships m
      ON m.person_id = t.person_id AND m.org_id = t.org_id
     AND m.valid_from <= t.held_on AND (m.valid_to IS NULL OR m.valid_to > t.held_on)
    GROUP BY t.kind, t.person_id, t.period_start
),
links AS (
    SELECT r.person_id, COALESCE(r.other_org_id, r.org_id) AS org_id, p.period_start
    FROM relations r
    JOIN periods p
      ON p.every = 'year' AND r.valid_from <= p.day AND (r.valid_to IS NULL OR r.valid_to > p.day)
    WHERE r.kind = 'contact_point' AND r.person_id IS NOT NULL
),
at_contact_point AS (
    SELECT l.person_id, l.period_start, COUNT(DISTINCT t.activity_id) AS times
    FROM links l
    JOIN theirs t
      ON t.person_id = l.person_id AND t.org_id = l.org_id AND t.period_start = l.period_start
    WHERE t.kind = 'party_lecture'
    GROUP BY l.person_id, l.period_start
),
counted AS (
    SELECT CASE k.kind WHEN 'party_lecture' THEN 'leading-cadre-lecture-branch'
                       ELSE 'leading-cadre-org-life' END AS obligation, h.*, c.times
    FROM holders h
    CROSS JOIN (VALUES ('party_lecture'), ('org_life_meeting')) k (kind)
    LEFT JOIN at_own_branch c
      ON c.person_id = h.person_id AND c.period_start = h.period_start AND c.kind = k.kind
    UNION ALL
    SELECT 'leading-cadre-lecture-contact-point', h.*, c.times
    FROM holders h
    LEFT JOIN at_contact_point c
      ON c.person_id = h.person_id AND c.period_start = h.period_start
    SEMI JOIN links l ON l.person_id = h.person_id AND l.period_start = h.period_start
)
SELECT obligation, org_id, person_id, period_start,
       CASE WHEN times >= 1 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(times, 0)
FROM counted
WHERE office = 'cadre' AND every = 'year'
