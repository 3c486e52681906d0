WITH {there}
SELECT 'committee-in-office', t.org_id, NULL, t.period_start,
       CASE WHEN COUNT(e.org_id) >= 1 THEN 'met' WHEN t.due_on >= :on THEN 'due' ELSE 'short' END,
       COUNT(e.org_id)
FROM there t
LEFT JOIN terms e
  ON e.org_id = t.org_id AND e.elected_on <= t.day
 AND COALESCE(e.extended_to, e.expires_on) >= t.day
WHERE t.every = 'year' AND t.still = 1
  AND t.kind IN ('school_committee', 'office_committee', 'college_committee', 'general_branch')
GROUP BY t.org_id, t.period_start, t.due_on
