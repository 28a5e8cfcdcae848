"""``python -m send_records.cli``: the command line where no script was installed."""

from __future__ import annotations

from send_records.cli import main

main()
