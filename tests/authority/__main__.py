"""``python -m tests.authority``: the whole matrix."""

import sys

from tests.authority.whole import main

if __name__ == "__main__":
    sys.exit(main())
