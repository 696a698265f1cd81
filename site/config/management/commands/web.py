"""The web server: granian, whose workers are copies of a process that has loaded the site once, and share its memory.

So a worker that dies is back at once, but with the code and settings of the start: both need a restart to change.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from functools import partial
from typing import Any

from babel.numbers import format_decimal
from django.conf import settings
from django.core.cache import caches
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.utils.translation import to_locale
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.common import AbstractServer

from config.env import BASE_DIR, number

M_ARENA_MAX = -8  # of glibc's malloc.h
STOP = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    """`manage.py web`."""

    help = "Answer visitors until told to stop."
    requires_system_checks = ()  # config.wsgi makes them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen on.")
        parser.add_argument("--port", type=int, default=number("PORT", 8000), help="Default: PORT, or 8000.")
        workers = number("WEB_WORKERS", 2, least=1)
        parser.add_argument(
            "--workers", type=int, default=workers, help="How many processes; default: WEB_WORKERS, or 2."
        )
        parser.add_argument("--threads", type=int, default=8, help="How many threads each has.")

    def handle(self, *args: Any, host: str, port: int, workers: int, threads: int, **options: Any) -> None:
        """Serve until told to stop."""
        use_one_heap()
        load()
        let_new_workers_end()
        server(host=host, port=port, workers=workers, threads=threads).serve()


def use_one_heap() -> None:
    """Let all threads share a heap, which glibc otherwise makes for each: before there is a second thread."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option and "MALLOC_ARENA_MAX" not in os.environ:
        set_option(M_ARENA_MAX, 1)


def load() -> None:
    """Load what the workers share. Raises CommandError where a system check finds an error.

    Nothing that belongs to one process may be open afterwards.
    """
    import config.wsgi  # noqa: F401, PLC0415 - takes a second, and `manage.py help` loads this module

    format_decimal(0, locale=to_locale(settings.LANGUAGE_CODE))  # or each worker reads Babel's data: 5 MB
    connections.close_all()
    caches.close_all()
    gc.freeze()


def let_new_workers_end() -> None:
    """Let a signal end a worker that is just starting.

    It would take it for the process that it is a copy of, until granian sets up its own handlers.
    """
    unblock = partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, STOP)

    def begin() -> None:
        for one in STOP:
            signal.signal(one, signal.SIG_DFL)
        unblock()

    block = partial(signal.pthread_sigmask, signal.SIG_BLOCK, STOP)
    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=begin)


def server(*, host: str, port: int, workers: int, threads: int) -> AbstractServer[Any]:
    """Return granian with the limits of production (docs/decisions/0009-running.md and 0029-nginx.md)."""
    if sys.platform == "linux":  # elsewhere a fork is not safe: each worker loads the site itself
        multiprocessing.set_start_method("fork", force=True)
    return Granian(
        "config.wsgi:application",
        working_dir=BASE_DIR / "site",
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=threads,
        backlog=1024,
        backpressure=256,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=20,  # seconds; systemd waits for 30 (deploy/systemd)
    )
