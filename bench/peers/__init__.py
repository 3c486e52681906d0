"""What others make of the same obligations; run by a Python of their own, as scripts."""
