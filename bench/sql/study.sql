-- Hours of study of members and of those in office; twelfths of the standard for part of a year.
WITH {holders},
standards (months, member, leader) AS (VALUES
    (1, 2.7, 4.7), (2, 5.4, 9.4), (3, 8.0, 14.0), (4, 10.7, 18.7), (5, 13.4, 23.4),
    (6, 16.0, 28.0), (7, 18.7, 32.7), (8, 21.4, 37.4), (9, 24.0, 42.0), (10, 26.7, 46.7),
    (11, 29.4, 51.4), (12, 32.0, 56.0)
),
studied AS (
    SELECT t.person_id, p.period_start, SUM(t.hours) AS hours,
           COUNT(*) > COUNT(t.hours) AS unsure
    FROM attendances t
    JOIN activities a ON a.activity_id = t.activity_id
    JOIN periods p
      ON p.every = 'year' AND a.held_on >= p.period_start AND a.held_on < p.period_end
    WHERE a.kind IN ('central_training', 'collective_study', 'party_lecture', 'theme_day',
                     'onsite_teaching', 'central_group_study')
      AND NOT a.planned AND a.held_on <= :on AND t.role <> 'recorder'
    GROUP BY t.person_id, p.period_start
),
ordered AS (  -- a gap opens a new spell; a member has one branch at a time
    SELECT m.*, CASE WHEN valid_from = LAG(valid_to) OVER (
               PARTITION BY person_id ORDER BY valid_from) THEN 0 ELSE 1 END AS opens
    FROM memberships m WHERE valid_from <= :on
),
placed AS (
    SELECT o.*, SUM(opens) OVER (PARTITION BY person_id ORDER BY valid_from) AS island
    FROM ordered o
),
membership_spells AS (
    SELECT person_id, MIN(valid_from) AS valid_from,
           MAX(COALESCE(valid_to, '9999-12-31')) AS valid_to
    FROM placed GROUP BY person_id, island
),
members AS (
    SELECT s.person_id, w.period_start, COUNT(DISTINCT w.since) AS months
    FROM membership_spells s
    JOIN stretches w ON w.every = 'year' AND s.valid_from <= w.until AND s.valid_to > w.since
    GROUP BY s.person_id, w.period_start
    HAVING MAX(CASE WHEN s.valid_from <= w.since AND s.valid_to > w.until
                    THEN 1 ELSE 0 END) = 1
),
answering AS (
    SELECT m.person_id, m.org_id, m.exempt, p.period_start, p.due_on, p.day, ROW_NUMBER() OVER (
               PARTITION BY m.person_id, p.period_start ORDER BY m.valid_from DESC) AS place
    FROM memberships m
    JOIN periods p ON p.every = 'year' AND m.valid_from <= p.day
),
leader_months AS (
    SELECT f.person_id, f.org_id, w.period_start, COUNT(DISTINCT w.since) AS months
    FROM offices f
    JOIN stretches w
      ON w.every = 'year' AND f.valid_from <= w.until
     AND (f.valid_to IS NULL OR f.valid_to > w.since)
    WHERE f.office = 'leader' AND f.valid_from <= :on
    GROUP BY f.person_id, f.org_id, w.period_start
),
bound AS (
    SELECT 'member-study-hours' AS obligation, a.org_id, a.person_id, a.period_start, a.due_on,
           a.exempt, s.member AS required
    FROM answering a
    JOIN members m ON m.person_id = a.person_id AND m.period_start = a.period_start
    JOIN standards s ON s.months = m.months
    WHERE a.place = 1 AND NOT EXISTS (
        SELECT 1 FROM posts f
        WHERE f.person_id = a.person_id
          AND f.post IN ('secretary', 'deputy_secretary', 'committee_member')
          AND f.valid_from <= a.day AND (f.valid_to IS NULL OR f.valid_to > a.day))
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
LEFT JOIN studied s ON s.person_id = b.person_id AND s.period_start = b.period_start
