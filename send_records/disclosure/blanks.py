"""What stands where words were taken out.

In a module of its own: whoever works in a child is not to load the record's whole language for it.
"""

from __future__ import annotations

TAKEN_OUT = "\u2588\u2588\u2588\u2588"
"""Of one length, so that that of the words is not told."""
