-- Who holds which office, long enough to be bound; spans that touch or overlap are one.
offices AS (
    SELECT 'leader' AS office, person_id, org_id, valid_from, valid_to FROM posts
    WHERE post IN ('secretary', 'deputy_secretary', 'committee_member')
    UNION
    SELECT 'cadre', person_id, org_id, valid_from, valid_to FROM posts
    WHERE post = 'leading_cadre'
    UNION
    SELECT 'top', p.person_id, p.org_id, p.valid_from, p.valid_to
    FROM posts p JOIN orgs o ON o.org_id = p.org_id
    WHERE p.post IN ('president', 'dean')
       OR p.post = 'secretary' AND o.kind IN ('school_committee', 'college_committee')
    UNION
    SELECT 'office secretary', p.person_id, p.org_id, p.valid_from, p.valid_to
    FROM posts p JOIN orgs o ON o.org_id = p.org_id
    WHERE p.post = 'secretary' AND o.kind = 'office_committee'
    UNION
    SELECT 'school', p.person_id, p.org_id, p.valid_from, p.valid_to
    FROM posts p JOIN orgs o ON o.org_id = p.org_id
    WHERE p.post = 'committee_member' AND o.kind = 'school_committee'
),
marked AS (
    SELECT office, person_id, org_id, valid_from, COALESCE(valid_to, '9999-12-31') AS valid_to,
           MAX(COALESCE(valid_to, '9999-12-31')) OVER (
               PARTITION BY office, person_id, org_id
               ORDER BY valid_from, COALESCE(valid_to, '9999-12-31')
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS so_far
    FROM offices WHERE valid_from <= :on
),
numbered AS (
    SELECT m.*, SUM(CASE WHEN valid_from <= so_far THEN 0 ELSE 1 END) OVER (
               PARTITION BY office, person_id, org_id ORDER BY valid_from, valid_to
               ROWS UNBOUNDED PRECEDING) AS island
    FROM marked m
),
spells AS (
    SELECT office, person_id, org_id, MIN(valid_from) AS valid_from, MAX(valid_to) AS valid_to
    FROM numbered GROUP BY office, person_id, org_id, island
),
holders AS (
    SELECT DISTINCT s.office, s.person_id, s.org_id, p.every, p.period_start, p.due_on, p.day
    FROM spells s
    JOIN stretches w ON w.every IN ('year', 'semester')
     AND s.valid_from <= w.since AND s.valid_to > w.until
    JOIN periods p ON p.every = w.every AND p.period_start = w.period_start
    WHERE EXISTS (SELECT 1 FROM offices f
                  WHERE f.office = s.office AND f.person_id = s.person_id AND f.org_id = s.org_id
                    AND f.valid_from <= p.day AND (f.valid_to IS NULL OR f.valid_to > p.day))
)
