WITH rules (obligation, org_kind, class) AS (VALUES
    ('institutions-structure', 'school_committee', 'org_structure'),
    ('institutions-life', 'school_committee', 'org_life'),
    ('institutions-operation', 'school_committee', 'org_operation'),
    ('institutions-management', 'school_committee', 'org_management'),
    ('institutions-supervision', 'school_committee', 'org_supervision'),
    ('emergency-plan', 'school_committee', 'emergency_plan'),
    ('emergency-plan', 'college_committee', 'emergency_plan')
),
{there}
SELECT r.obligation, t.org_id, NULL, t.period_start,
       CASE WHEN COUNT(d.document_id) >= 1 THEN 'met'
            WHEN t.due_on >= :on THEN 'due' ELSE 'short' END,
       COUNT(d.document_id)
FROM rules r
JOIN there t ON t.kind = r.org_kind AND t.every = 'year' AND t.still = 1
LEFT JOIN documents d
  ON d.org_id = t.org_id AND d.class = r.class
 AND d.valid_from <= t.day AND (d.valid_to IS NULL OR d.valid_to > t.day)
GROUP BY r.obligation, t.org_id, t.period_start, t.due_on
