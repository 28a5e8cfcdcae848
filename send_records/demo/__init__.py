"""The worked cases, told again: over HTTP, in their order, by the roles that they name."""
