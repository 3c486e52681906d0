-- Hours of study of members and of those in office; twelfths of the standard for part of a year.
-- A member has one branch at a time: where the days of the memberships add up to the days from
-- the first to the last, nothing lies between them, and the first and last day tell all.
WITH standards (months, member, leader) AS (VALUES
    (1, 2.7, 4.7), (2, 5.4, 9.4), (3, 8.0, 14.0), (4, 10.7, 18.7), (5, 13.4, 23.4),
    (6, 16.0, 28.0), (7, 18.7, 32.7), (8, 21.4, 37.4), (9, 24.0, 42.0), (10, 26.7, 46.7),
    (11, 29.4, 51.4), (12, 32.0, 56.0)
),
spans AS (
    SELECT person_id, org_id, exempt, valid_from, COALESCE(valid_to, '9999-12-31') AS valid_to
    FROM memberships WHERE valid_from <= :on
),
lives AS (
    SELECT person_id, MIN(valid_from) AS valid_from, MAX(valid_to) AS valid_to,
           SUM(valid_to - valid_from) = MAX(valid_to) - MIN(valid_from) AS unbroken
    FROM spans GROUP BY person_id
),
spells AS (
    SELECT person_id, valid_from, valid_to FROM lives WHERE unbroken
    UNION ALL
    SELECT person_id, MIN(valid_from), MAX(valid_to)
    FROM (SELECT o.*, SUM(opens) OVER (PARTITION BY person_id ORDER BY valid_from) AS island
          FROM (SELECT s.*, CASE WHEN valid_from = LAG(valid_to) OVER (
                           PARTITION BY person_id ORDER BY valid_from) THEN 0 ELSE 1 END AS opens
                FROM spans s WHERE person_id IN (SELECT person_id FROM lives WHERE NOT unbroken)
               ) o)
    GROUP BY person_id, island
),
stays AS (  -- first and last day of the spell in the year, and its first whole month
    SELECT s.person_id, p.period_start, GREATEST(s.valid_from, p.period_start) AS since,
           LEAST(s.valid_to, p.period_end) AS until,
           date_trunc('month', GREATEST(s.valid_from, p.period_start) - 1) + INTERVAL 1 MONTH
           AS whole
    FROM spells s
    JOIN periods p ON p.every = 'year'
     AND s.valid_from < p.period_end AND s.valid_to > p.period_start
),
members AS (  -- two spells may share a month
    SELECT person_id, period_start,
           BIT_COUNT(BIT_OR((1 << (month(until - 1))) - (1 << (month(since) - 1)))) AS months
    FROM stays
    GROUP BY person_id, period_start
    HAVING MAX(CASE WHEN whole + INTERVAL 1 MONTH <= until THEN 1 ELSE 0 END) = 1
),
answering AS (
    SELECT m.person_id, p.period_start, p.due_on, p.day, arg_max(m.org_id, m.valid_from) AS org_id,
           arg_max(m.exempt, m.valid_from) AS exempt
    FROM spans m
    JOIN periods p ON p.every = 'year' AND m.valid_from <= p.day
    GROUP BY m.person_id, p.period_start, p.due_on, p.day
),
barred AS (
    SELECT DISTINCT f.person_id, p.period_start
    FROM posts f
    JOIN periods p ON p.every = 'year'
     AND f.valid_from <= p.day AND (f.valid_to IS NULL OR f.valid_to > p.day)
    WHERE f.post IN ('secretary', 'deputy_secretary', 'committee_member')
),
leader_months AS (
    SELECT f.person_id, f.org_id, w.period_start, COUNT(DISTINCT w.since) AS months
    FROM posts f
    JOIN stretches w
      ON w.every = 'year' AND f.valid_from <= w.until
     AND (f.valid_to IS NULL OR f.valid_to > w.since)
    WHERE f.post IN ('secretary', 'deputy_secretary', 'committee_member') AND f.valid_from <= :on
    GROUP BY f.person_id, f.org_id, w.period_start
),
bound AS (
    SELECT 'member-study-hours' AS obligation, a.org_id, a.person_id, a.period_start, a.due_on,
           a.exempt, s.member AS required
    FROM answering a
    JOIN members m ON m.person_id = a.person_id AND m.period_start = a.period_start
    JOIN standards s ON s.months = m.months
    ANTI JOIN barred b ON b.person_id = a.person_id AND b.period_start = a.period_start
    UNION ALL
    SELECT 'leader-study-hours', h.org_id, h.person_id, h.period_start, h.due_on, FALSE, s.leader
    FROM holders h
    JOIN leader_months m ON m.person_id = h.person_id AND m.org_id = h.org_id
     AND m.period_start = h.period_start
    JOIN standards s ON s.months = m.months
    WHERE h.office = 'leader' AND h.every = 'year'
)
SELECT b.obligation, b.org_id, b.person_id, b.period_start,
       CASE WHEN b.exempt THEN 'exempt'
            WHEN ROUND(COALESCE(s.hours, 0), 2) >= b.required THEN 'met'
            WHEN s.unsure THEN 'unknown'
            WHEN b.due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(s.hours, 0)
FROM bound b
LEFT JOIN attended s ON s.person_id = b.person_id AND s.period_start = b.period_start
