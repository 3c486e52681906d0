-- A branch with a committee has three to seven in it.
WITH {there},
sizes AS (
    SELECT t.org_id, t.period_start, t.due_on, COUNT(DISTINCT f.person_id) AS persons
    FROM there t
    JOIN posts f
      ON f.org_id = t.org_id AND f.post IN ('secretary', 'deputy_secretary', 'committee_member')
     AND f.valid_from <= t.day AND (f.valid_to IS NULL OR f.valid_to > t.day)
    WHERE t.kind = 'branch' AND t.every = 'year' AND t.still = 1
    GROUP BY t.org_id, t.period_start, t.due_on
    HAVING COUNT(CASE WHEN f.post = 'committee_member' THEN 1 END) > 0
)
SELECT 'committee-size-min', org_id, NULL, period_start,
       CASE WHEN persons >= 3 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       persons
FROM sizes
UNION ALL
SELECT 'committee-size-max', org_id, NULL, period_start,
       CASE WHEN persons <= 7 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       persons
FROM sizes
