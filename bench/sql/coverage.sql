-- The tree of the day, and what share of the units below the school committee has what it should.
WITH RECURSIVE {there},
below (top_id, org_id, period_start, due_on, day) AS (
    SELECT org_id, org_id, period_start, due_on, day
    FROM there WHERE kind = 'school_committee' AND every = 'year'
    UNION
    SELECT b.top_id, l.org_id, b.period_start, b.due_on, b.day
    FROM below b
    JOIN org_parents l
      ON l.parent_id = b.org_id
     AND l.valid_from <= b.day AND (l.valid_to IS NULL OR l.valid_to > b.day)
),
units AS (
    SELECT b.*, o.kind, o.category
    FROM below b
    JOIN orgs o
      ON o.org_id = b.org_id
     AND o.valid_from <= b.day AND (o.valid_to IS NULL OR o.valid_to > b.day)
    WHERE b.org_id <> b.top_id
),
secretaries AS (  -- has: 1 yes, 0 no, null not known
    SELECT u.top_id, u.period_start, u.due_on,
           CASE WHEN u.category IS NULL THEN NULL
                WHEN COUNT(CASE WHEN p.double_leader THEN 1 END) > 0 THEN 1
                WHEN COUNT(p.person_id) > COUNT(p.double_leader) THEN NULL ELSE 0 END AS has
    FROM units u
    LEFT JOIN posts p
      ON p.org_id = u.org_id AND p.post = 'secretary'
     AND p.valid_from <= u.day AND (p.valid_to IS NULL OR p.valid_to > u.day)
    WHERE u.kind = 'branch' AND (u.category = 'faculty' OR u.category IS NULL)
    GROUP BY u.top_id, u.org_id, u.category, u.period_start, u.due_on
),
contacts AS (
    SELECT u.top_id, u.period_start, u.due_on,
           CASE WHEN EXISTS (
               SELECT 1 FROM relations r
               WHERE r.kind = 'contact_point'
                 AND r.valid_from <= u.day AND (r.valid_to IS NULL OR r.valid_to > u.day)
                 AND (COALESCE(r.other_org_id, r.org_id) = u.org_id
                      OR r.org_id = u.org_id AND r.person_id IS NULL)
           ) THEN 1 ELSE 0 END AS has
    FROM units u
    WHERE u.kind = 'college_committee'
),
covered AS (
    SELECT 'double-leader-coverage' AS obligation, s.* FROM secretaries s
    UNION ALL
    SELECT 'contact-point-colleges', c.* FROM contacts c
),
shares AS (
    SELECT obligation, top_id, period_start, SUM(has) AS n, COUNT(*) AS units,
           COUNT(*) > COUNT(has) AS unsure
    FROM covered GROUP BY obligation, top_id, period_start
)
SELECT r.obligation, t.org_id, NULL, t.period_start,
       CASE WHEN s.units IS NULL OR s.unsure THEN 'unknown' WHEN s.n = s.units THEN 'met'
            WHEN t.due_on >= :on THEN 'due' ELSE 'short' END,
       CASE WHEN NOT s.unsure THEN ROUND(s.n * 1.0 / s.units, 4) END
FROM there t
CROSS JOIN (SELECT 'double-leader-coverage' AS obligation
            UNION ALL SELECT 'contact-point-colleges') r
LEFT JOIN shares s
  ON s.obligation = r.obligation AND s.top_id = t.org_id AND s.period_start = t.period_start
WHERE t.kind = 'school_committee' AND t.every = 'year'
