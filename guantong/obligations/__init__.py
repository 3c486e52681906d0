"""Who owes what, how often, on what basis, and whether it was done."""
