"""How hypothesis searches here: the same way each time, and with no clock to fail on."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("aggregates", deadline=None, derandomize=True)
settings.load_profile("aggregates")
