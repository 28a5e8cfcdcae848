"""The worked cases, told again: over HTTP, in their order, by the roles that they name."""

from __future__ import annotations


class DemoFailed(Exception):
    """The demo could not be told to its end: what happened, and what to do."""
