"""The loading bay: Excel and CSV, in and out. Reads and writes files; `records` decides."""
