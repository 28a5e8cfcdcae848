"""What is done with an error that nothing else has answered."""

from __future__ import annotations

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from send_records.api.errors import failed


class AnswerBroken(Exception):
    """An answer that had begun cannot be ended; the server cuts it off, short of its length."""


class LastResort:
    """Answers an error that nothing else did, and lets it go no further: a handler for Exception
    would not do, for what it handles is raised again, and the server logs it words and all.  If the
    answer has begun, it is broken off: whoever receives it sees that it is not whole."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            if scope["type"] != "http":
                raise
            answer = failed(Request(scope), error)
            if begun:
                raise AnswerBroken("It ended before its end.") from None
            await answer(scope, receive, send)
