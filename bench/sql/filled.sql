-- Posts that must be filled; whether the holder is full-time may not be known.
WITH rules (obligation, org_kind, post, full_time) AS (VALUES
    ('branch-secretary', 'branch', 'secretary', 0),
    ('committee-secretary', 'school_committee', 'secretary', 0),
    ('committee-secretary', 'office_committee', 'secretary', 0),
    ('committee-secretary', 'college_committee', 'secretary', 0),
    ('committee-secretary', 'general_branch', 'secretary', 0),
    ('college-deputy-secretary', 'college_committee', 'deputy_secretary', 1),
    ('college-organisers', 'college_committee', 'organiser', 1)
),
{there},
filled AS (
    SELECT r.obligation, t.org_id, t.period_start, t.due_on,
           COUNT(DISTINCT CASE WHEN r.full_time = 0 OR f.full_time THEN f.person_id END) AS sure,
           COUNT(DISTINCT CASE WHEN r.full_time = 0 OR f.full_time IS NULL OR f.full_time
                               THEN f.person_id END) AS possible
    FROM rules r
    JOIN there t ON t.kind = r.org_kind AND t.every = 'year' AND t.still = 1
    LEFT JOIN posts f
      ON f.org_id = t.org_id AND f.post = r.post
     AND f.valid_from <= t.day AND (f.valid_to IS NULL OR f.valid_to > t.day)
    GROUP BY r.obligation, t.org_id, t.period_start, t.due_on
)
SELECT obligation, org_id, NULL, period_start,
       CASE WHEN sure >= 1 THEN 'met' WHEN possible > 0 THEN 'unknown'
            WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       sure
FROM filled
