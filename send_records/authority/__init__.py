"""Authority: who may see and do what, decided in one place, from one table."""
