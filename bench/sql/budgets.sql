-- Whether Party work is in the budget of the year.
WITH {there}
SELECT 'party-work-budget', t.org_id, NULL, t.period_start,
       CASE WHEN COUNT(b.budget_id) >= 1 THEN 'met'
            WHEN t.due_on >= :on THEN 'due' ELSE 'short' END,
       COUNT(b.budget_id)
FROM there t
LEFT JOIN budgets b
  ON b.org_id = t.org_id AND b.valid_from <= t.day
 AND (b.valid_to IS NULL OR b.valid_to > t.day)
WHERE t.kind IN ('school_committee', 'college_committee') AND t.every = 'year' AND t.still = 1
GROUP BY t.org_id, t.period_start, t.due_on
