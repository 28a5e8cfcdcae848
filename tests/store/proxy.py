"""A wire to PostgreSQL that can be cut at the worst moment."""

from __future__ import annotations

import re
import select
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import Any, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from send_records.store.data_directory import SOCKET

EXECUTED = re.compile(rb"SELECT \d+\x00.*Z\x00\x00\x00\x05I\Z", re.S)
"""What the server says when a query is done and, outside a transaction, committed."""


APPENDS = 150
"""Bytes that a request to append has at least, and a question has not."""


class Cut(Enum):
    """Where the wire breaks, at the next statement of its kind."""

    BEFORE = auto()
    """The request to append is lost."""
    WAITING = auto()
    """It arrives, and its sender is gone: the server goes on, and tells nobody."""
    AFTER = auto()
    """The answer to it is lost: it is done, and committed."""
    ANSWER = auto()
    """The answer to a question is lost."""


class Wire:
    """Connections to a server's socket, through one of ours."""

    def __init__(self, conninfo: str) -> None:
        self._target = str(Path(str(conninfo_to_dict(conninfo)["host"]), SOCKET))
        self._folder = tempfile.TemporaryDirectory(prefix="send-records-wire-")
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.conninfo = make_conninfo(conninfo, host=self._folder.name)
        self.cuts: list[Cut] = []
        """What is still to be cut, in order."""
        self.made = 0
        """How many cuts were made."""
        self._cutting = threading.Lock()

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *exc: object) -> None:
        self._hang_up()
        self._folder.cleanup()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Be away: cut every connection and take no new one, until the block is left."""
        self._hang_up()
        yield
        self._listen()

    def _listen(self) -> None:
        path = Path(self._folder.name, SOCKET)
        self._closing.clear()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        self._start(self._accept, listener, path)

    def _hang_up(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, path: Path) -> None:
        with listener:
            while not self._closing.is_set():
                if _readable(listener):
                    self._start(self._carry, listener.accept()[0])
        path.unlink()

    def _carry(self, client: socket.socket) -> None:
        appends = False
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._target)
            while not self._closing.is_set():
                for sender in _readable(client, server):
                    data = sender.recv(65536)
                    if not data:
                        return
                    if sender is client:
                        appends = data.startswith(b"B") and len(data) > APPENDS  # Bind
                        if appends and self._cuts_now(Cut.BEFORE):
                            return
                        server.sendall(data)
                        if appends and self._cuts_now(Cut.WAITING):
                            client.close()
                            self._closing.wait()
                            return
                    elif EXECUTED.search(data) and self._cuts_now(
                        Cut.AFTER if appends else Cut.ANSWER
                    ):
                        return
                    else:
                        client.sendall(data)

    def _cuts_now(self, cut: Cut) -> bool:
        with self._cutting:
            cuts = self.cuts[:1] == [cut]
            if cuts:
                self.cuts.pop(0)
                self.made += 1
        return cuts


def _readable(*sockets: socket.socket) -> list[socket.socket]:
    return select.select(sockets, [], [], 0.02)[0]


def until(happened: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait until a condition holds; fail if it takes too long."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
