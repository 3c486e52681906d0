"""Carries a text out of the school: to a mail server, to a group's bot. Decides nothing to say."""
