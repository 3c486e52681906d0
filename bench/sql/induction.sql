SELECT 'new-secretary-induction', p.org_id, p.person_id, h.since,
       CASE WHEN COUNT(a.activity_id) >= 1 THEN 'met' WHEN h.due_on >= :on THEN 'due'
            ELSE 'short' END,
       COUNT(a.activity_id)
FROM posts p
JOIN half_years h ON h.since = p.valid_from AND COALESCE(p.valid_to, '9999-12-31') > h.due_on
LEFT JOIN attendances t ON t.person_id = p.person_id
LEFT JOIN activities a
  ON a.activity_id = t.activity_id AND a.kind = 'central_training' AND a.planned = FALSE
 AND a.held_on >= h.since AND a.held_on <= h.due_on AND a.held_on <= :on
WHERE p.post = 'secretary' AND h.due_on >= '2019-01-01' AND h.due_on < '2024-01-01'
  AND EXISTS (SELECT 1 FROM orgs o WHERE o.org_id = p.org_id AND o.kind = 'branch')
  -- One who goes on without a break is not new.
  AND NOT EXISTS (SELECT 1 FROM posts e
                  WHERE e.person_id = p.person_id AND e.org_id = p.org_id
                    AND e.post = 'secretary'
                    AND e.valid_from < p.valid_from AND e.valid_to >= p.valid_from)
GROUP BY p.org_id, p.person_id, h.since, h.due_on
