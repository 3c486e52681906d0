"""What a spreadsheet's rows would do. Reads and decides; `actions.imports` writes."""
