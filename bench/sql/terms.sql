-- A term is followed by the next before it runs out.
WITH ended AS (
    SELECT o.kind, t.org_id, t.elected_on, COALESCE(t.extended_to, t.expires_on) AS due_on,
           (SELECT MIN(n.elected_on) FROM terms n
            WHERE n.org_id = t.org_id AND n.elected_on > t.elected_on
              AND n.elected_on <= :on) AS next_on
    FROM terms t
    JOIN orgs o ON o.org_id = t.org_id
    WHERE o.kind <> 'group' AND o.valid_from <= :on AND t.elected_on <= :on
      AND COALESCE(t.extended_to, t.expires_on) >= t.elected_on
      AND COALESCE(t.extended_to, t.expires_on) >= :since
      AND o.valid_from <= COALESCE(t.extended_to, t.expires_on)
      AND (o.valid_to IS NULL OR o.valid_to > :on
           OR o.valid_to > COALESCE(t.extended_to, t.expires_on))
)
SELECT CASE WHEN kind = 'branch' THEN 'branch-term' ELSE 'committee-term' END,
       org_id, NULL, elected_on,
       CASE WHEN next_on > due_on THEN 'late' WHEN next_on IS NOT NULL THEN 'met'
            WHEN due_on >= :on THEN 'due' ELSE 'short' END,
       CASE WHEN next_on IS NULL THEN 0 ELSE 1 END
FROM ended
