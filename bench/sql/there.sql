-- Organisations and the periods in which they are bound; `still`: they exist on the day.
there AS (
    SELECT DISTINCT o.org_id, o.kind, p.every, p.period_start, p.due_on, p.day,
           CASE WHEN o.valid_to IS NULL OR o.valid_to > p.day THEN 1 ELSE 0 END AS still
    FROM orgs o
    JOIN stretches s
      ON o.valid_from <= s.since AND (o.valid_to IS NULL OR o.valid_to > s.until)
    JOIN periods p ON p.every = s.every AND p.period_start = s.period_start
    WHERE o.valid_from <= :on
)