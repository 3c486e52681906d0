-- Leading cadres in their own branch and at their contact points.
WITH {holders},
at_own_branch AS (
    SELECT a.kind, t.role, t.person_id, p.period_start, COUNT(DISTINCT a.activity_id) AS times
    FROM activities a
    JOIN attendances t ON t.activity_id = a.activity_id
    JOIN hosts h ON h.activity_id = a.activity_id
    JOIN memberships m
      ON m.person_id = t.person_id AND m.org_id = h.org_id
     AND m.valid_from <= a.held_on AND (m.valid_to IS NULL OR m.valid_to > a.held_on)
    JOIN periods p
      ON p.every = 'year' AND a.held_on >= p.period_start AND a.held_on < p.period_end
    WHERE a.kind IN ('party_lecture', 'org_life_meeting') AND NOT a.planned
      AND a.held_on <= :on AND (a.kind = 'org_life_meeting' OR t.role = 'lecturer')
      AND t.person_id IN (SELECT person_id FROM posts WHERE post = 'leading_cadre')
    GROUP BY a.kind, t.role, t.person_id, p.period_start
),
links AS (
    SELECT r.person_id, COALESCE(r.other_org_id, r.org_id) AS org_id, p.*
    FROM relations r
    JOIN periods p
      ON p.every = 'year' AND r.valid_from <= p.day AND (r.valid_to IS NULL OR r.valid_to > p.day)
    WHERE r.kind = 'contact_point' AND r.person_id IS NOT NULL
),
at_contact_point AS (
    SELECT l.person_id, l.period_start, COUNT(DISTINCT a.activity_id) AS times
    FROM links l
    JOIN hosts h ON h.org_id = l.org_id
    JOIN activities a
      ON a.activity_id = h.activity_id AND a.kind = 'party_lecture' AND NOT a.planned
     AND a.held_on >= l.period_start AND a.held_on < l.period_end AND a.held_on <= :on
    JOIN attendances t
      ON t.activity_id = a.activity_id AND t.person_id = l.person_id AND t.role = 'lecturer'
    GROUP BY l.person_id, l.period_start
),
counted AS (
    SELECT 'leading-cadre-lecture-branch' AS obligation, h.*, c.times
    FROM holders h
    LEFT JOIN at_own_branch c
      ON c.person_id = h.person_id AND c.period_start = h.period_start
     AND c.kind = 'party_lecture'
    UNION ALL
    SELECT 'leading-cadre-org-life', h.*, c.times
    FROM holders h
    LEFT JOIN (SELECT person_id, period_start, SUM(times) AS times FROM at_own_branch
               WHERE kind = 'org_life_meeting' GROUP BY person_id, period_start) c
      ON c.person_id = h.person_id AND c.period_start = h.period_start
    UNION ALL
    SELECT 'leading-cadre-lecture-contact-point', h.*, c.times
    FROM holders h
    LEFT JOIN at_contact_point c
      ON c.person_id = h.person_id AND c.period_start = h.period_start
    WHERE EXISTS (SELECT 1 FROM links l
                  WHERE l.person_id = h.person_id AND l.period_start = h.period_start)
)
SELECT obligation, org_id, person_id, period_start,
       CASE WHEN times >= 1 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(times, 0)
FROM counted
WHERE office = 'cadre' AND every = 'year'
