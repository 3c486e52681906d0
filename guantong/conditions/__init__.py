"""One closed grammar for "does this apply?", with two interpreters held to the same answers."""
