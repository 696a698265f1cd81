"""Kills a process at a chosen point: by the events of what it does, never by time.

A deed is what outlives the process: a commit, a statement that is its own transaction, a request to Stripe, a mail
that the server has taken, a change of the page cache's tokens. `run` does something in a process of its own, which
kills itself (SIGKILL) before its first deed or right after the one that the test chose.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest import mock

import requests
from django.core.mail.backends.smtp import EmailBackend
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from home.page_cache import tokens

WRITES = ("INSERT", "UPDATE", "DELETE")
NEVER = -1
HEADER = "Die-After"  # the number of the deed after which the worker of a web server dies


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Deeds:
    """Counts deeds, and kills the process after the one that is chosen; 0 is before the first."""

    def __init__(
        self,
        dies_after: int,
        tell: Callable[[str], object] = lambda _name: None,
        die: Callable[[], None] = _die,
    ) -> None:
        self.dies_after, self.done, self.tell, self.die = dies_after, 0, tell, die

    def wrapped(self, deed: Callable[..., Any], named: Callable[..., str]) -> Callable[..., Any]:
        def do(*args: Any, **kwargs: Any) -> Any:
            name = named(*args)
            if not name:
                return deed(*args, **kwargs)
            if self.dies_after == 0:
                self.die()
            result = deed(*args, **kwargs)
            self.done += 1
            self.tell(name)
            if self.done == self.dies_after:
                self.die()
            return result

        return do

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what is done meanwhile."""
        kinds: list[tuple[Any, str, Callable[..., str]]] = [
            (BaseDatabaseWrapper, "_commit", lambda *_: "commit"),
            (CursorWrapper, "execute", _statement),
            (requests.Session, "request", lambda _session, method, *_: f"Stripe {method}"),
            (EmailBackend, "send_messages", lambda *_: "mail"),
            (tokens, "_change", lambda *_: "tokens"),
        ]
        patches = [
            mock.patch.object(owner, name, self.wrapped(getattr(owner, name), named))
            for owner, name, named in kinds
        ]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()


def _statement(cursor: CursorWrapper, sql: Any, *_args: Any) -> str:
    writes = not cursor.db.in_atomic_block and str(sql).lstrip().upper().startswith(WRITES)
    return f"statement {sql[:40]}" if writes else ""


def run(function: str, arguments: list[Any], dies_after: int) -> dict[str, Any]:
    """Call a function of a module in a process of its own; return its deeds and the signal or code it ended with."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            module, _, name = function.partition(":")
            deeds = Deeds(dies_after, lambda deed: os.write(theirs, f"{json.dumps(deed)}\n".encode()))
            with deeds.counted():
                getattr(import_module(module), name)(*arguments)
            os._exit(0)
        finally:
            import traceback  # noqa: PLC0415 - the child's last words

            traceback.print_exc()
            os._exit(1)
    os.close(theirs)
    with os.fdopen(ours) as told:
        deeds = [json.loads(line) for line in told]
    return {"deeds": deeds, "ended": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a request say after which deed the worker that answers it dies."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if HEADER not in request.headers:
            return get_response(request)
        with Deeds(int(request.headers[HEADER])).counted():
            return get_response(request)

    return answer
