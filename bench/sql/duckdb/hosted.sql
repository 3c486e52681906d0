-- What organisations hold so many times.
WITH rules (number, obligation, org_kind, every, kind) AS (VALUES
    (1, 'theme-day', 'branch', 'month', 'theme_day'),
    (2, 'branch-assembly', 'branch', 'quarter', 'branch_assembly'),
    (3, 'party-lecture', 'branch', 'quarter', 'party_lecture'),
    (4, 'org-life-meeting', 'branch', 'year', 'org_life_meeting'),
    (5, 'appraisal', 'branch', 'year', 'appraisal'),
    (6, 'yearly-talk', 'branch', 'year', 'talk'),
    (7, 'branch-committee-meeting', 'branch', 'month', 'branch_committee'),
    (8, 'group-meeting', 'group', 'month', 'group_meeting'),
    (9, 'central-group-study', 'school_committee', 'quarter', 'central_group_study'),
    (10, 'central-group-study', 'college_committee', 'quarter', 'central_group_study'),
    (11, 'school-plenary-meeting', 'school_committee', 'semester', 'plenary_meeting'),
    (12, 'school-committee-special-meeting', 'school_committee', 'semester', 'special_meeting'),
    (13, 'duty-self-check', 'school_committee', 'semester', 'self_check'),
    (14, 'duty-self-check', 'college_committee', 'semester', 'self_check'),
    (15, 'dues-inspection', 'school_committee', 'year', 'dues_inspection'),
    (16, 'democratic-life-meeting', 'school_committee', 'year', 'democratic_life_meeting'),
    (17, 'democratic-life-meeting', 'college_committee', 'year', 'democratic_life_meeting'),
    (18, 'education-report', 'school_committee', 'year', 'education_report'),
    (19, 'education-report', 'office_committee', 'year', 'education_report'),
    (20, 'education-report', 'college_committee', 'year', 'education_report'),
    (21, 'rotation-training', 'school_committee', 'year', 'central_training'),
    (22, 'rotation-training', 'office_committee', 'year', 'central_training'),
    (23, 'rotation-training', 'college_committee', 'year', 'central_training'),
    (24, 'activist-analysis', 'office_committee', 'year', 'activist_analysis'),
    (25, 'activist-analysis', 'college_committee', 'year', 'activist_analysis'),
    (26, 'activist-analysis', 'general_branch', 'year', 'activist_analysis'),
    (27, 'secretary-review', 'school_committee', 'year', 'review_meeting'),
    (28, 'secretary-review', 'office_committee', 'year', 'review_meeting'),
    (29, 'secretary-review', 'college_committee', 'year', 'review_meeting'),
    (30, 'secretary-review', 'general_branch', 'year', 'review_meeting')
),
counted AS (
    SELECT r.number, h.org_id,
           CASE r.every WHEN 'month' THEN a.month_start WHEN 'quarter' THEN a.quarter_start
                        WHEN 'semester' THEN a.semester_start ELSE a.year_start END
           AS period_start, COUNT(*) AS times
    FROM held a
    JOIN hosts h ON h.activity_id = a.activity_id
    JOIN orgs o ON o.org_id = h.org_id
    JOIN rules r ON r.kind = a.kind AND r.org_kind = o.kind
    GROUP BY ALL
)
SELECT r.obligation, t.org_id, NULL, t.period_start,
       CASE WHEN c.times >= 1 THEN 'met' WHEN t.due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(c.times, 0)
FROM rules r
JOIN there t ON t.kind = r.org_kind AND t.every = r.every
LEFT JOIN counted c
  ON c.number = r.number AND c.org_id = t.org_id AND c.period_start = t.period_start
WHERE r.obligation <> 'branch-committee-meeting'
   OR EXISTS (SELECT 1 FROM posts c  -- only a branch that has a committee
              WHERE c.org_id = t.org_id AND c.post = 'committee_member'
                AND c.valid_from <= t.day AND (c.valid_to IS NULL OR c.valid_to > t.day))
