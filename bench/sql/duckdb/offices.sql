-- Lectures, training and meetings of those in office. Few lecture: their attendances are found by
-- the activities of those kinds. Training is in the one pass over all attendances.
WITH rules (obligation, office, every, kind, role) AS (VALUES
    ('top-leader-lecture', 'top', 'semester', 'party_lecture', 'lecturer'),
    ('top-leader-ideology-course', 'top', 'semester', 'ideology_course', 'lecturer'),
    ('office-secretary-lecture', 'office secretary', 'year', 'party_lecture', 'lecturer'),
    ('committee-member-convenes', 'school', 'year', 'department_meeting', 'chair')
),
led AS (
    SELECT a.kind, a.semester_start, a.year_start, t.role, t.person_id
    FROM attendances t JOIN held a ON a.activity_id = t.activity_id
    WHERE t.role IN ('lecturer', 'chair')
      AND a.kind IN ('party_lecture', 'ideology_course', 'department_meeting')
),
counted AS (
    SELECT r.obligation, t.person_id,
           CASE r.every WHEN 'semester' THEN t.semester_start ELSE t.year_start END
           AS period_start, COUNT(*) AS times
    FROM led t JOIN rules r ON r.kind = t.kind AND r.role = t.role
    GROUP BY ALL
),
all_counted AS (
    SELECT r.obligation, h.*, c.times
    FROM rules r
    JOIN holders h ON h.office = r.office AND h.every = r.every
    LEFT JOIN counted c
      ON c.obligation = r.obligation AND c.person_id = h.person_id
     AND c.period_start = h.period_start
    UNION ALL
    SELECT 'leader-central-training', h.*, t.trainings
    FROM holders h
    LEFT JOIN attended t ON t.person_id = h.person_id AND t.period_start = h.period_start
    WHERE h.office = 'leader' AND h.every = 'year'
)
SELECT obligation, org_id, person_id, period_start,
       CASE WHEN times >= 1 THEN 'met' WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(times, 0)
FROM all_counted
