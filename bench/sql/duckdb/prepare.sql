-- What several queries read, once: a calendar of days, who is there, who holds office, what was
-- held, and what each person attended in one pass over the attendances.
CREATE OR REPLACE TEMP TABLE days AS
SELECT CAST(d.range AS DATE) AS day,
       MAX(CASE WHEN p.every = 'month' THEN p.period_start END) AS month_start,
       MAX(CASE WHEN p.every = 'quarter' THEN p.period_start END) AS quarter_start,
       MAX(CASE WHEN p.every = 'semester' THEN p.period_start END) AS semester_start,
       MAX(CASE WHEN p.every = 'year' THEN p.period_start END) AS year_start
FROM range(CAST(:since AS TIMESTAMP), CAST(:on AS TIMESTAMP) + INTERVAL 1 DAY, INTERVAL 1 DAY) d
JOIN periods p ON d.range >= p.period_start AND d.range < p.period_end
GROUP BY d.range;

CREATE OR REPLACE TEMP TABLE there AS
WITH {there}
SELECT * FROM there;

CREATE OR REPLACE TEMP TABLE holders AS
WITH {holders}
SELECT * FROM holders;

CREATE OR REPLACE TEMP TABLE held AS
SELECT a.activity_id, a.kind, a.held_on, d.* EXCLUDE (day)
FROM activities a JOIN days d ON d.day = a.held_on WHERE NOT a.planned;

CREATE OR REPLACE TEMP TABLE attended AS
SELECT t.person_id, a.year_start AS period_start,
       SUM(CASE WHEN a.study AND t.role <> 'recorder' THEN t.hours END) AS hours,
       COUNT(CASE WHEN a.study AND t.role <> 'recorder' AND t.hours IS NULL THEN 1 END) > 0
       AS unsure,
       COUNT(CASE WHEN a.training THEN 1 END) AS trainings
FROM attendances t
JOIN (SELECT activity_id, year_start, kind = 'central_training' AS training,
             kind IN ('central_training', 'collective_study', 'party_lecture', 'theme_day',
                      'onsite_teaching', 'central_group_study') AS study
      FROM held WHERE year_start IS NOT NULL) a ON a.activity_id = t.activity_id
WHERE a.study
GROUP BY t.person_id, a.year_start
