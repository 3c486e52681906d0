-- Staffing, by the latest figures on the day.
WITH {there},
latest AS (
    SELECT t.org_id, t.period_start, t.due_on,
           (SELECT f.value FROM figures f
            WHERE f.org_id = t.org_id AND f.name = 'staff' AND f.as_of <= t.day
            ORDER BY f.as_of DESC LIMIT 1) AS staff,
           (SELECT f.value FROM figures f
            WHERE f.org_id = t.org_id AND f.name = 'students' AND f.as_of <= t.day
            ORDER BY f.as_of DESC LIMIT 1) AS students,
           (SELECT f.value FROM figures f
            WHERE f.org_id = t.org_id AND f.name = 'party_staff_full_time' AND f.as_of <= t.day
            ORDER BY f.as_of DESC LIMIT 1) AS party_staff,
           (SELECT f.value FROM figures f
            WHERE f.org_id = t.org_id AND f.name = 'counsellors_full_time' AND f.as_of <= t.day
            ORDER BY f.as_of DESC LIMIT 1) AS counsellors
    FROM there t
    WHERE t.kind = 'school_committee' AND t.every = 'year'
),
shares AS (
    SELECT 'full-time-staff-ratio' AS obligation, org_id, period_start, due_on,
           party_staff * 1.0 / NULLIF(staff + students, 0) AS share,
           party_staff * 100 >= staff + students AS enough
    FROM latest
    UNION ALL
    SELECT 'counsellor-ratio', org_id, period_start, due_on,
           students * 1.0 / NULLIF(counsellors, 0), students <= 200 * counsellors
    FROM latest
)
SELECT obligation, org_id, NULL, period_start,
       CASE WHEN share IS NULL THEN 'unknown' WHEN enough THEN 'met'
            WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       ROUND(share, 4)
FROM shares
