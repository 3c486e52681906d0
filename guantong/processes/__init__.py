"""What may happen next to a case: processes as data, and the engine that reads them. Pure."""
