"""A server in a process of its own, one uvicorn worker: ``python -m bench.serve KIND``.

It says its port on standard output, as JSON.  ``records`` is our own API on the database that the
settings name; the others are the peers, on the database that BENCH_CONNINFO names.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from bench.installation import started
from bench.peers import routes
from send_records.api.app import create_app
from send_records.collector import set_apart
from send_records.settings import Settings

App = Callable[[Any, Any, Any], Awaitable[None]]
"""What uvicorn serves (ASGI)."""

PEERS = {
    "bare": routes.bare,
    "saving": routes.saving,
    "aggregating": routes.aggregating,
    "listing": routes.listing,
}


def serve(app: FastAPI | App) -> None:
    """Serve an app on a free port until told to stop.

    The socket says that it is TCP, as those do that uvicorn opens by itself: of another asyncio
    does not switch Nagle's algorithm off, and every answer would wait 40 ms for its second half.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        door.listen(1024)
        print(json.dumps(door.getsockname()[1]), flush=True)
        config = uvicorn.Config(app, access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[door])


def main(kind: str) -> None:
    """Serve one kind of app."""
    if kind == "records":
        with started(Settings()) as subject:
            api = create_app(subject.system)
            set_apart()  # as send-records serve does
            serve(api)
    else:
        serve(PEERS[kind](os.environ["BENCH_CONNINFO"]))


if __name__ == "__main__":
    main(sys.argv[1])
