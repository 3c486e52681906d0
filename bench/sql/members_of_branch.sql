-- How many members a branch has, and with seven full ones whether a committee is in office.
WITH {there},
sizes AS (
    SELECT t.org_id, t.period_start, t.due_on, t.day,
           COUNT(DISTINCT m.person_id) AS persons,
           COUNT(DISTINCT CASE WHEN m.status = 'full' THEN m.person_id END) AS full_members
    FROM there t
    LEFT JOIN memberships m
      ON m.org_id = t.org_id AND m.valid_from <= t.day
     AND (m.valid_to IS NULL OR m.valid_to > t.day)
    WHERE t.kind = 'branch' AND t.every = 'year' AND t.still = 1
    GROUP BY t.org_id, t.period_start, t.due_on, t.day
),
required AS (
    SELECT s.org_id, s.period_start, s.due_on, COUNT(e.org_id) AS committees
    FROM sizes s
    LEFT JOIN terms e
      ON e.org_id = s.org_id AND e.elected_on <= s.day
     AND COALESCE(e.extended_to, e.expires_on) >= s.day
    WHERE s.full_members >= 7
    GROUP BY s.org_id, s.period_start, s.due_on
)
SELECT 'branch-min-members', org_id, NULL, period_start,
       CASE WHEN full_members >= 3 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       full_members
FROM sizes
UNION ALL
SELECT 'branch-size', org_id, NULL, period_start,
       CASE WHEN persons <= 50 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       persons
FROM sizes
UNION ALL
SELECT 'committee-required', org_id, NULL, period_start,
       CASE WHEN committees >= 1 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       committees
FROM required
