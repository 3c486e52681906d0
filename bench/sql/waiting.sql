-- Cases of a branch that wait too long. A case keeps only its present state: whether it waited on a
-- day before that began is not known, unless it is younger than the limit itself.
WITH rules (obligation, process, days) AS (VALUES
    ('applicant-talk', 'recruitment', 31),
    ('admission-approval', 'recruitment', 92),
    ('transfer-receipt', 'transfer-out', 90)
),
states (obligation, state) AS (VALUES
    ('applicant-talk', 'applied'),
    ('admission-approval', 'accepted'),
    ('admission-approval', 'interviewed'),
    ('admission-approval', 'voted'),
    ('transfer-receipt', 'issued')
),
{there},
waiting AS (
    SELECT r.obligation, t.org_id, t.period_start, t.due_on,
           COUNT(CASE WHEN c.state_since <= t.day AND c.state_since < l.limit_day
                       AND s.state IS NOT NULL THEN 1 END) AS late,
           COUNT(CASE WHEN c.state_since > t.day AND c.opened_on < l.limit_day THEN 1 END) AS unsure
    FROM rules r
    JOIN there t ON t.kind = 'branch' AND t.every = 'year' AND t.still = 1
    JOIN limits l ON l.every = t.every AND l.period_start = t.period_start AND l.days = r.days
    LEFT JOIN cases c
      ON c.org_id = t.org_id AND c.process = r.process AND c.opened_on <= t.day
     AND (c.closed_on IS NULL OR c.closed_on > t.day)
    LEFT JOIN states s ON s.obligation = r.obligation AND s.state = c.state
    GROUP BY r.obligation, t.org_id, t.period_start, t.due_on
)
SELECT obligation, org_id, NULL, period_start,
       CASE WHEN late > 0 AND due_on >= :on THEN 'due' WHEN late > 0 THEN 'short'
            WHEN unsure > 0 THEN 'unknown' ELSE 'met' END,
       late
FROM waiting
