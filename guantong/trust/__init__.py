"""What makes records hard to leak and hard to falsify. Pure: knows no database and no Django."""
