-- The facts of a nation, from numbers alone. A person's id is 1 + branch * :present + place.
-- Part of the name of an id's range: schools from 1, committees below them from 1 000 000,
-- branches from 10 000 000, groups from 50 000 000.
CREATE MACRO chance(id, salt) AS CAST(hash(id, salt, :seed) % 10000 AS INTEGER);

CREATE MACRO day_in(month, id) AS
    make_date(:year, CAST(month AS INTEGER), 1 + CAST(hash(id, :seed) % 28 AS INTEGER));

CREATE TABLE schools AS SELECT range AS s, 1 + range AS org_id FROM range(:schools);

CREATE TABLE seconds AS
SELECT s, k.range AS k, 1000000 + s * :seconds + k.range AS org_id,
       CASE k.range WHEN 0 THEN 'office_committee' WHEN 1 THEN 'general_branch'
                    ELSE 'college_committee' END AS kind
FROM schools, range(:seconds) k;

CREATE TABLE branches AS
SELECT range AS b, range // :of_school AS s, 10000000 + range AS org_id,
       1000000 + (range // :of_school) * :seconds + range % :seconds AS parent_id
FROM range(:branches);

CREATE TABLE orgs AS
SELECT org_id, 'school_committee' AS kind, NULL AS category, DATE '1990-01-01' AS valid_from,
       NULL::DATE AS valid_to FROM schools
UNION ALL
SELECT org_id, kind, NULL, DATE '1995-01-01', NULL FROM seconds
UNION ALL
SELECT org_id, 'branch',
       CASE WHEN chance(b, 'category') < 20 THEN NULL
            WHEN b % 5 < 2 THEN 'faculty' WHEN b % 5 < 4 THEN 'student' ELSE 'retired' END,
       CASE WHEN chance(b, 'new') < 200 THEN day_in(1 + b % 6, b) ELSE DATE '2010-01-01' END,
       CASE WHEN chance(b, 'gone') < 100 THEN day_in(7 + b % 6, b) END
FROM branches
UNION ALL
SELECT 50000000 + b, 'group', NULL, DATE '2012-01-01', NULL FROM branches WHERE b % 2 = 0;

CREATE TABLE org_parents AS
SELECT org_id, 1 + s AS parent_id, DATE '1995-01-01' AS valid_from, NULL::DATE AS valid_to
FROM seconds
UNION ALL
SELECT org_id, parent_id, DATE '2010-01-01',
       CASE WHEN chance(b, 'hung') < 100 THEN MAKE_DATE(:year, 6, 1) END FROM branches
UNION ALL
SELECT org_id, 1000000 + s * :seconds + (b + 1) % :seconds, MAKE_DATE(:year, 6, 1), NULL
FROM branches WHERE chance(b, 'hung') < 100
UNION ALL
SELECT 50000000 + b, org_id, DATE '2012-01-01', NULL FROM branches WHERE b % 2 = 0;

CREATE TABLE members AS
SELECT b, s, org_id, j.range AS j, 1 + b * :present + j.range AS person_id,
       chance(1 + b * :present + j.range, 'life') AS life,
       day_in(1 + (b + j.range) % 12, 1 + b * :present + j.range) AS turn
FROM branches, range(:present) j;

-- Life: moved in the year, became full in the year, joined in it, left in it, or none of these.
CREATE TABLE memberships AS
SELECT person_id, org_id, CASE WHEN life BETWEEN 300 AND 399 THEN 'probationary' ELSE 'full' END
       AS status, chance(person_id, 'exempt') < 100 AS exempt,
       CASE WHEN life BETWEEN 400 AND 549 THEN turn ELSE DATE '2015-07-01' END AS valid_from,
       CASE WHEN life < 400 OR life BETWEEN 550 AND 599 THEN turn END AS valid_to
FROM members
UNION ALL
SELECT person_id, CASE WHEN life < 300 THEN 10000000 + (b + 1) % :branches ELSE org_id END,
       'full', chance(person_id, 'exempt') < 100, turn, NULL
FROM members WHERE life < 400;

CREATE TABLE posts_from (org_id BIGINT, post VARCHAR, b BIGINT, j BIGINT);

INSERT INTO posts_from
SELECT org_id, 'secretary', b, 0 FROM branches WHERE chance(b, 'no secretary') > 100
UNION ALL SELECT org_id, 'committee_member', b, 1 + i.range FROM branches, range(2) i
          WHERE chance(b, 'committee') < 8000
UNION ALL SELECT org_id, 'deputy_secretary', b, 1 FROM branches WHERE chance(b, 'deputy') < 1000
UNION ALL SELECT org_id, p.post, s * :of_school + k, p.j FROM seconds,
          (VALUES ('secretary', 3), ('deputy_secretary', 4), ('organiser', 5), ('dean', 6)) p(post, j)
          WHERE chance(org_id, p.post) > 300
UNION ALL SELECT org_id, p.post, s * :of_school + 16 + p.place, 3 FROM schools,
          (VALUES ('secretary', 0), ('president', 1), ('committee_member', 2),
                  ('committee_member', 3), ('committee_member', 4), ('leading_cadre', 0),
                  ('leading_cadre', 1), ('leading_cadre', 5), ('leading_cadre', 6)) p(post, place);

CREATE TABLE posts AS
SELECT 1 + b * :present + j AS person_id, org_id, post,
       CASE WHEN chance(b, 'double') > 100 THEN chance(b, 'double') < 8000 END AS double_leader,
       CASE WHEN chance(b, 'full time') > 100 THEN chance(b, 'full time') < 8000 END AS full_time,
       CASE WHEN chance(b * 100 + j, 'took up') < 500 THEN day_in(1 + b % 12, b)
            ELSE DATE '2020-09-01' END AS valid_from,
       CASE WHEN chance(b * 100 + j, 'gave up') < 300 THEN MAKE_DATE(:year + 1, 1, 1) END AS valid_to
FROM posts_from WHERE b < :branches;

-- What a branch holds: 26 activities with attendances, then meetings of the few.
CREATE TABLE held_kinds AS
SELECT n, kind, month, hours FROM (
    SELECT range AS n, 'theme_day' AS kind, range + 1 AS month, NULL AS hours FROM range(12)
    UNION ALL SELECT 12 + range, 'party_lecture', range * 3 + 2, 2 FROM range(4)
    UNION ALL SELECT 16 + range, 'branch_assembly', range * 3 + 1, 1.5 FROM range(4)
    UNION ALL SELECT 20, 'org_life_meeting', 3, 2
    UNION ALL SELECT 21, 'appraisal', 3, 1
    UNION ALL SELECT 22, 'talk', 5, 1
    UNION ALL SELECT 23, 'collective_study', 6, 3
    UNION ALL SELECT 24, 'collective_study', 10, 3
    UNION ALL SELECT 25, 'central_training', 9, 8
    UNION ALL SELECT 26 + range, 'branch_committee', range + 1, 1 FROM range(12)
    UNION ALL SELECT 38 + range, 'group_meeting', range + 1, 1 FROM range(12));

CREATE TABLE branch_activities AS
SELECT b * 50 + n AS activity_id, b, n,
       CASE WHEN chance(b * 50 + n, 'kind') < 300 THEN 'volunteer' ELSE kind END AS kind,
       day_in(month, b * 50 + n) AS held_on,
       COALESCE(hours, 1 + 0.5 * (chance(b, 'length') % 3)) AS hours,
       chance(b * 50 + n, 'planned') < 50 AS planned,
       CASE WHEN n < 38 THEN 10000000 + b ELSE 50000000 + b END AS org_id
FROM branches, held_kinds WHERE n < 38 OR b % 2 = 0;

CREATE TABLE upper_kinds (upper VARCHAR, kind VARCHAR, month INTEGER, hours DECIMAL(6, 2));

INSERT INTO upper_kinds VALUES
    ('second', 'central_group_study', 2, 3), ('second', 'central_group_study', 5, 3),
    ('second', 'central_group_study', 8, 3), ('second', 'central_group_study', 11, 3),
    ('second', 'activist_analysis', 4, NULL), ('second', 'self_check', 6, NULL),
    ('second', 'self_check', 12, NULL), ('second', 'democratic_life_meeting', 1, 4),
    ('second', 'education_report', 11, NULL), ('second', 'central_training', 7, 16),
    ('second', 'review_meeting', 12, 4), ('second', 'party_lecture', 4, 2),
    ('second', 'party_lecture', 10, 2), ('second', 'ideology_course', 5, 2),
    ('school', 'central_group_study', 3, 3), ('school', 'central_group_study', 6, 3),
    ('school', 'central_group_study', 9, 3), ('school', 'central_group_study', 12, 3),
    ('school', 'special_meeting', 4, 2), ('school', 'special_meeting', 10, 2),
    ('school', 'plenary_meeting', 3, 4), ('school', 'plenary_meeting', 9, 4),
    ('school', 'self_check', 6, NULL), ('school', 'dues_inspection', 11, NULL),
    ('school', 'democratic_life_meeting', 1, 4), ('school', 'education_report', 12, NULL),
    ('school', 'central_training', 8, 24), ('school', 'activist_analysis', 5, NULL),
    ('school', 'review_meeting', 12, 4), ('school', 'party_lecture', 3, 2),
    ('school', 'ideology_course', 9, 2), ('school', 'department_meeting', 5, 2);

CREATE TABLE upper_activities AS
SELECT 10000000000 + ROW_NUMBER() OVER (ORDER BY u.org_id, r.kind, r.month) AS activity_id,
       u.org_id, r.kind, day_in(r.month, u.org_id) AS held_on, r.hours,
       chance(u.org_id * 12 + r.month, r.kind) < 100 AS planned
FROM (SELECT org_id, 'school' AS upper FROM schools
      UNION ALL SELECT org_id, 'second' FROM seconds) u
JOIN upper_kinds r USING (upper)
WHERE chance(u.org_id * 12 + r.month, r.kind || ' held') < 9500;

CREATE VIEW activities AS
SELECT activity_id, kind, held_on, hours::DECIMAL(6, 2) AS hours, planned FROM branch_activities
UNION ALL
SELECT activity_id, kind, held_on, hours, planned FROM upper_activities;

CREATE VIEW hosts AS
SELECT activity_id, org_id FROM branch_activities
UNION ALL SELECT activity_id, org_id FROM upper_activities
UNION ALL SELECT activity_id, 10000000 + b + 1 FROM branch_activities  -- held by two branches
          WHERE n = 12 AND b % 10 = 0 AND b + 1 < :branches;

CREATE VIEW details AS  -- whether enough were there
SELECT activity_id, 'quorum' AS field, 0 AS place,
       CASE WHEN chance(activity_id, 'quorum') < 9500 THEN 'yes' ELSE 'no' END AS code,
       NULL::DECIMAL(14, 2) AS number, NULL::DATE AS day, NULL::BIGINT AS org_id,
       NULL::BIGINT AS person_id, NULL::BIGINT AS other_person_id
FROM branch_activities WHERE kind = 'branch_assembly' AND NOT planned;

CREATE TABLE relations AS
SELECT ROW_NUMBER() OVER (ORDER BY person_id) AS relation_id, 'contact_point' AS kind, person_id,
       NULL::BIGINT AS org_id, 10000000 + person_id // :present AS other_org_id,
       NULL::BIGINT AS other_person_id, DATE '2021-01-01' AS valid_from, NULL::DATE AS valid_to
FROM posts WHERE post = 'leading_cadre' AND chance(person_id, 'contact') < 8000
UNION ALL
SELECT 1000000 + ROW_NUMBER() OVER (ORDER BY org_id), 'contact_point', NULL, 1 + s, org_id, NULL,
       DATE '2021-01-01', NULL
FROM seconds WHERE chance(org_id, 'contact') < 9500;

CREATE VIEW upper_attendances AS
SELECT a.activity_id, p.person_id,
       CASE WHEN a.kind = 'department_meeting' THEN 'chair'
            WHEN a.kind IN ('party_lecture', 'ideology_course') AND p.post IN
                 ('secretary', 'dean', 'president') THEN 'lecturer' ELSE 'attendee' END AS role,
       a.hours
FROM upper_activities a JOIN posts p ON p.org_id = a.org_id
UNION ALL  -- secretaries of branches are trained by the committee above them
SELECT a.activity_id, 1 + b.b * :present, 'attendee', a.hours
FROM upper_activities a JOIN branches b ON b.parent_id = a.org_id
WHERE a.kind = 'central_training';

CREATE VIEW attendances AS
SELECT activity_id, person_id,
       CASE WHEN n BETWEEN 12 AND 15 AND j = 3 THEN 'lecturer'
            WHEN j = 7 THEN 'recorder' WHEN j = 0 THEN 'chair' ELSE 'attendee' END AS role,
       CASE WHEN chance(activity_id * 100 + j, 'hours') > 20 THEN hours END::DECIMAL(6, 2) AS hours
FROM (SELECT a.activity_id, a.n, a.hours, j.range AS j, 1 + a.b * :present + j.range AS person_id
      FROM branch_activities a, range(:present) j
      WHERE a.n < 26 AND chance(a.activity_id * 100 + j.range, 'there') < 9230)
UNION ALL
SELECT activity_id, person_id, MAX(role), MAX(hours) FROM upper_attendances
GROUP BY activity_id, person_id;

CREATE TABLE figures AS
SELECT org_id, f.name, d.as_of,
       (f.value * (90 + chance(org_id, f.name || d.as_of) % 20) // 100)::DECIMAL(14, 2) AS value
FROM schools, (VALUES ('staff', 2000), ('students', 20000), ('party_staff_full_time', 220),
                      ('counsellors_full_time', 100)) f(name, value),
     (VALUES (DATE '2022-09-30'), (MAKE_DATE(:year, 9, 30))) d(as_of)
WHERE chance(org_id, f.name) > 100;

CREATE TABLE terms AS
SELECT org_id, e.elected_on, e.elected_on + INTERVAL 3 YEAR AS expires_on,
       CASE WHEN chance(org_id, 'extended') < 500 THEN e.elected_on + INTERVAL 40 MONTH END
       AS extended_to
FROM (SELECT org_id, DATE '2019-01-01' + chance(org_id, 'elected') % 1000 AS first
      FROM orgs WHERE kind <> 'group') o,
     LATERAL (SELECT o.first AS elected_on
              UNION ALL SELECT (o.first + INTERVAL 3 YEAR)::DATE - 30 + chance(org_id, 'next') % 60
              WHERE chance(org_id, 'next') < 8000) e;

CREATE TABLE documents AS
SELECT ROW_NUMBER() OVER (ORDER BY org_id, c.name) AS document_id, org_id, c.name AS class,
       DATE '2021-05-01' AS valid_from, NULL::DATE AS valid_to, NULL::DATE AS review_due
FROM (SELECT org_id FROM schools UNION ALL SELECT org_id FROM seconds),
     (VALUES ('org_structure'), ('org_life'), ('org_operation'), ('org_management'),
             ('org_supervision'), ('emergency_plan')) c(name)
WHERE chance(org_id, c.name) < 9000;

CREATE TABLE budgets AS
SELECT ROW_NUMBER() OVER (ORDER BY org_id, y) AS budget_id, org_id,
       10000 + chance(org_id, 'amount') AS amount,
       make_date(y, 1, 1) AS valid_from, make_date(y + 1, 1, 1) AS valid_to
FROM (SELECT org_id FROM schools UNION ALL SELECT org_id FROM seconds),
     (VALUES (:year - 1), (:year)) v(y)
WHERE chance(org_id, 'budget') < 9500;

CREATE TABLE cases AS
SELECT ROW_NUMBER() OVER (ORDER BY org_id) AS case_id,
       CASE WHEN chance(org_id, 'process') < 7000 THEN 'recruitment' ELSE 'transfer-out' END
       AS process,
       org_id, NULL::BIGINT AS person_id,
       CASE WHEN chance(org_id, 'process') >= 7000 THEN 'issued'
            WHEN chance(org_id, 'state') < 5000 THEN 'applied' ELSE 'accepted' END AS state,
       make_date(:year, 1, 15) + chance(org_id, 'since') % 200 AS state_since,
       make_date(:year, 1, 1) AS opened_on, NULL::DATE AS closed_on, NULL::VARCHAR AS outcome
FROM orgs
WHERE kind = 'branch' AND chance(org_id, 'case') < 5000
