"""The only writers. A module per noun, a function per verb: `activities.record(...)`.

Every verb is atomic, asks access first, refuses (`access.Refused`) before it changes anything,
locks what it changes, saves named fields, leaves one event and refreshes the ledger.
"""
