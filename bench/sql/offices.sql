-- Lectures, training and meetings of those in office, wherever they are held.
WITH {holders},
rules (obligation, office, every, kind, role) AS (VALUES
    ('leader-central-training', 'leader', 'year', 'central_training', 'any'),
    ('top-leader-lecture', 'top', 'semester', 'party_lecture', 'lecturer'),
    ('top-leader-ideology-course', 'top', 'semester', 'ideology_course', 'lecturer'),
    ('office-secretary-lecture', 'office secretary', 'year', 'party_lecture', 'lecturer'),
    ('committee-member-convenes', 'school', 'year', 'department_meeting', 'chair')
),
counted AS (
    SELECT r.obligation, t.person_id, p.period_start, COUNT(*) AS times
    FROM rules r
    JOIN activities a ON a.kind = r.kind AND NOT a.planned AND a.held_on <= :on
    JOIN periods p
      ON p.every = r.every AND a.held_on >= p.period_start AND a.held_on < p.period_end
    JOIN attendances t ON t.activity_id = a.activity_id AND r.role IN ('any', t.role)
    GROUP BY r.obligation, t.person_id, p.period_start
)
SELECT r.obligation, h.org_id, h.person_id, h.period_start,
       CASE WHEN c.times >= 1 THEN 'met' WHEN h.due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(c.times, 0)
FROM rules r
JOIN holders h ON h.office = r.office AND h.every = r.every
LEFT JOIN counted c
  ON c.obligation = r.obligation AND c.person_id = h.person_id
 AND c.period_start = h.period_start
