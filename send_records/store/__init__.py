"""The log: what was recorded, and the database that keeps it."""
