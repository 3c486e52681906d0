-- What organisations hold so many times.
WITH rules (obligation, org_kind, every, kind) AS (VALUES
    ('theme-day', 'branch', 'month', 'theme_day'),
    ('branch-assembly', 'branch', 'quarter', 'branch_assembly'),
    ('party-lecture', 'branch', 'quarter', 'party_lecture'),
    ('org-life-meeting', 'branch', 'year', 'org_life_meeting'),
    ('appraisal', 'branch', 'year', 'appraisal'),
    ('yearly-talk', 'branch', 'year', 'talk'),
    ('branch-committee-meeting', 'branch', 'month', 'branch_committee'),
    ('group-meeting', 'group', 'month', 'group_meeting'),
    ('central-group-study', 'school_committee', 'quarter', 'central_group_study'),
    ('central-group-study', 'college_committee', 'quarter', 'central_group_study'),
    ('school-plenary-meeting', 'school_committee', 'semester', 'plenary_meeting'),
    ('school-committee-special-meeting', 'school_committee', 'semester', 'special_meeting'),
    ('duty-self-check', 'school_committee', 'semester', 'self_check'),
    ('duty-self-check', 'college_committee', 'semester', 'self_check'),
    ('dues-inspection', 'school_committee', 'year', 'dues_inspection'),
    ('democratic-life-meeting', 'school_committee', 'year', 'democratic_life_meeting'),
    ('democratic-life-meeting', 'college_committee', 'year', 'democratic_life_meeting'),
    ('education-report', 'school_committee', 'year', 'education_report'),
    ('education-report', 'office_committee', 'year', 'education_report'),
    ('education-report', 'college_committee', 'year', 'education_report'),
    ('rotation-training', 'school_committee', 'year', 'central_training'),
    ('rotation-training', 'office_committee', 'year', 'central_training'),
    ('rotation-training', 'college_committee', 'year', 'central_training'),
    ('activist-analysis', 'office_committee', 'year', 'activist_analysis'),
    ('activist-analysis', 'college_committee', 'year', 'activist_analysis'),
    ('activist-analysis', 'general_branch', 'year', 'activist_analysis'),
    ('secretary-review', 'school_committee', 'year', 'review_meeting'),
    ('secretary-review', 'office_committee', 'year', 'review_meeting'),
    ('secretary-review', 'college_committee', 'year', 'review_meeting'),
    ('secretary-review', 'general_branch', 'year', 'review_meeting')
),
{there},
counted AS (
    SELECT r.obligation, h.org_id, p.period_start, COUNT(*) AS times
    FROM activities a
    JOIN hosts h ON h.activity_id = a.activity_id
    JOIN orgs o ON o.org_id = h.org_id
    JOIN rules r ON r.kind = a.kind AND r.org_kind = o.kind
    JOIN periods p
      ON p.every = r.every AND a.held_on >= p.period_start AND a.held_on < p.period_end
    WHERE NOT a.planned AND a.held_on <= :on
    GROUP BY r.obligation, h.org_id, p.period_start
)
SELECT r.obligation, t.org_id, NULL, t.period_start,
       CASE WHEN c.times >= 1 THEN 'met' WHEN t.due_on >= :on THEN 'due' ELSE 'short' END,
       COALESCE(c.times, 0)
FROM rules r
JOIN there t ON t.kind = r.org_kind AND t.every = r.every
LEFT JOIN counted c
  ON c.obligation = r.obligation AND c.org_id = t.org_id AND c.period_start = t.period_start
WHERE r.obligation <> 'branch-committee-meeting'
   OR EXISTS (SELECT 1 FROM posts c  -- only a branch that has a committee
              WHERE c.org_id = t.org_id AND c.post = 'committee_member'
                AND c.valid_from <= t.day AND (c.valid_to IS NULL OR c.valid_to > t.day))
