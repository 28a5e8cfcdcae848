"""The read side: what the events add up to, one module and one table for each question."""
