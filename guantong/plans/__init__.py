"""Reading a plan document into its clauses. Pure: no Django, no database, no catalogue."""
