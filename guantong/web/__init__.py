"""Door 1: the web pages. Not for rules (catalogue) nor for writes (records.actions)."""
