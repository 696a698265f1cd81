"""The tokens under which finished pages are kept: a page is answered only while each of its tokens is the current one.

"site" stands for whatever any page may show; an app adds names of its own for what changes often ("shop": stock).
A change replaces its token twice. At once, before the commit, together with a pause: as long as it stands nothing is
kept, so nothing rendered from the old data can outlive the commit, even if the process dies before it can say so.
And after the commit, when the pause goes. A pause that nobody ends (a kill) ends by itself.

With a cache of files the tokens are one small file beside it, which costs a `stat` at a hit; with any other cache they
are one key in it. A cache that fails keeps nothing and stops nobody; when it is back, what was kept before is gone.
"""

import atexit
import json
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache
from django.core.signals import setting_changed
from django.db import transaction
from django.dispatch import receiver

from home.caching import breaker
from home.locks import keep_trying, lock_file

KEY = "page-tokens"
_LOCK_SECONDS = 5
_SECONDS_AT_THE_END = 5


@dataclass(frozen=True)
class Tokens:
    """What was current at one moment."""

    values: dict[str, str] = field(default_factory=dict)
    pauses: dict[str, tuple[str, float]] = field(
        default_factory=dict
    )  # of which name, and when each ends by itself

    def of(self, *names: str) -> tuple[str, ...]:
        """Return the tokens of some names; one that never changed has the empty token."""
        return tuple(self.values.get(name, "") for name in names)

    def may_store(self, *names: str) -> bool:
        """Return whether what is rendered from now on may be kept under the tokens of some names."""
        return not self.pauses or all(
            held not in names or end <= time.time() for held, end in self.pauses.values()
        )


Change = Callable[[Tokens], Tokens]


def current() -> Tokens:
    """Return the tokens of this moment; make them where there are none."""
    global _known  # noqa: PLW0603 - of the process
    if not breaker.is_open:
        try:
            with breaker.watched(Exception):
                _write_what_failed()
                _known = _backing().read() or _backing().change(partial(_renewed, name="site"))
                return _known
        except Exception:  # noqa: BLE001 - whatever the cache raises: the page itself needs no cache
            # Others may have made changes meanwhile, and could not say so either.
            _failed.update({"site", *_known.values})
    return Tokens({"site": uuid.uuid4().hex}, {"unreadable": ("site", float("inf"))})


def changed(name: str) -> None:
    """Let no page kept before live on: say so when what `name` stands for is changed, in a transaction or outside.

    In a transaction nothing is kept until it commits or rolls back, but no longer than PAGE_CACHE_PAUSE_SECONDS.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        _renew(name, remove=_announced.__dict__.pop("pauses", ()))
        return
    pauses = _without(current()).pauses
    for _savepoints, callback, _robust in connection.run_on_commit:
        if isinstance(callback, _Reopening) and callback.name == name and callback.pause in pauses:
            return
    reopening = _Reopening(name)
    _renew(name, add=reopening.pause)
    transaction.on_commit(reopening, robust=True)


def changing(name: str) -> None:
    """Say, before a row is saved, that it will be: outside of a transaction the commit comes before `changed`."""
    if transaction.get_connection().in_atomic_block:
        changed(name)
        return
    pause = uuid.uuid4().hex
    _announced.pauses = (*_announced.__dict__.get("pauses", ()), pause)
    _renew(name, add=pause)


def reset() -> None:
    """Let no page live on and end every pause, whoever has it: after data were put back, and in tests."""
    _failed.clear()
    _change(lambda old: Tokens({name: uuid.uuid4().hex for name in {*old.values, "site"}}))


_known = Tokens()  # as last read
_failed: set[str] = set()  # names whose new token could not be written
_announced = threading.local()


class _Reopening:
    """Ends a pause after the commit. Django drops it at a rollback: then only the pause goes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pause = uuid.uuid4().hex
        self._given_up = weakref.finalize(self, _change, partial(_without, pauses=(self.pause,)))

    def __call__(self) -> None:
        self._given_up.detach()
        _renew(self.name, remove=(self.pause,))


def _renew(name: str, *, add: str = "", remove: Collection[str] = ()) -> None:
    if not _change(partial(_renewed, name=name, add=add, remove=remove)):
        _failed.add(name)


def retry() -> None:
    """Write the tokens of changes that could not be written: for a process that renders no pages, or ends."""
    if _failed:
        with suppress(Exception), breaker.watched(Exception):
            _write_what_failed()


@atexit.register
def _retry_at_the_end() -> None:
    end = time.monotonic() + _SECONDS_AT_THE_END
    while _failed and time.monotonic() < end:
        time.sleep(0.2)
        retry()


def _write_what_failed() -> None:
    # Else the old token would be current again, and with it what was rendered before the change.
    for name in list(_failed):
        _backing().change(partial(_renewed, name=name))
        _failed.discard(name)


def _renewed(old: Tokens, *, name: str, add: str = "", remove: Collection[str] = ()) -> Tokens:
    pauses = _without(old, pauses=remove).pauses
    if add:
        pauses[add] = name, time.time() + settings.PAGE_CACHE_PAUSE_SECONDS
    return Tokens({**old.values, name: uuid.uuid4().hex}, pauses)


def _without(old: Tokens, *, pauses: Collection[str] = ()) -> Tokens:
    now = time.time()
    still = {key: pause for key, pause in old.pauses.items() if key not in pauses and pause[1] > now}
    return Tokens(old.values, still)


def _change(change: Change) -> bool:
    # Also while the breaker is open: other processes may see no outage, and go on with the old token.
    try:
        with breaker.watched(Exception):
            _backing().change(change)
    except Exception:  # noqa: BLE001 - as in current(): the change itself must not fail
        # What cannot be replaced can perhaps be removed: a full disk lets us.
        with suppress(Exception):
            _backing().forget()
        return False
    return True


# --- Where they are kept -----------------------------------------------------------------------------------
@cache
def _backing() -> "_File | _Key":
    default = caches["tokens"]
    if isinstance(default, FileBasedCache):
        return _File(str(Path(default._dir) / KEY))  # type: ignore[attr-defined]
    return _RedisKey() if isinstance(default, RedisCache) else _Key()


@receiver(setting_changed)
def _forget_backing(*, setting: str, **_kwargs: object) -> None:
    if setting == "CACHES":
        _backing.cache_clear()


def _of_anybody(path: str, _flags: int) -> int:
    # A lock needs no right to write: the file may be that of a command that another account ran.
    return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)


class _File:
    def __init__(self, path: str) -> None:
        self.path = path
        self._read: tuple[tuple[int, int, int], Tokens] | None = None

    def read(self) -> Tokens | None:
        try:
            now = os.stat(self.path)  # noqa: PTH116 - half the time of Path.stat, and all of ours at a hit
            known = self._read  # once: another thread may replace it
            if known and known[0] == (now.st_mtime_ns, now.st_ino, now.st_size):
                return known[1]
            with Path(self.path).open(encoding="utf-8") as file:
                tokens = Tokens(**json.load(file))
                now = os.fstat(file.fileno())
                self._read = (now.st_mtime_ns, now.st_ino, now.st_size), tokens
        except (FileNotFoundError, ValueError, TypeError):  # the last two: damaged
            return None
        return tokens

    def forget(self) -> None:
        Path(self.path).unlink(missing_ok=True)

    def change(self, change: Change) -> Tokens:
        path = Path(self.path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path.with_suffix(".lock"), opener=_of_anybody) as lock:
            lock_file(lock, seconds=1)
            tokens = change(self.read() or Tokens())
            new = path.with_suffix(".new")
            new.write_text(json.dumps(asdict(tokens)), encoding="utf-8")
            # The clock of a file system ticks every few milliseconds only, and numbers of files are used again.
            newer = max(time.time_ns(), path.stat().st_mtime_ns + 1 if path.exists() else 0)
            os.utime(new, ns=(newer, newer))
            new.replace(path)
        return tokens


class _Key:
    def read(self) -> Tokens | None:
        kept: dict[str, Any] | None = caches["tokens"].get(KEY)
        return Tokens(**kept) if kept else None

    def forget(self) -> None:
        caches["tokens"].delete(KEY)

    def change(self, change: Change) -> Tokens:
        with self._lock() as is_alone:
            tokens = change(self.read() or Tokens())
            if not is_alone:  # a token of somebody else's change must not come back
                tokens = Tokens({name: uuid.uuid4().hex for name in tokens.values}, tokens.pauses)
            caches["tokens"].set(KEY, asdict(tokens), timeout=None)
        return tokens

    @contextmanager
    def _lock(self) -> Iterator[bool]:
        take = partial(caches["tokens"].add, f"{KEY}-lock", 1, timeout=_LOCK_SECONDS)
        is_alone = keep_trying(take, seconds=_LOCK_SECONDS)
        try:
            yield is_alone
        finally:
            if is_alone:
                caches["tokens"].delete(f"{KEY}-lock")


class _RedisKey(_Key):
    """Reads over a connection that each thread keeps: to make a client at each hit costs more than the rest of it."""

    def __init__(self) -> None:
        from redis.exceptions import ConnectionError as LostConnection  # noqa: PLC0415 - a site of files needs none

        self._lost = LostConnection
        self._kept = threading.local()
        self._read: tuple[bytes, Tokens] = b"", Tokens()

    def read(self) -> Tokens | None:
        try:
            answer = self._get()
        except self._lost:  # idle so long that the server closed it
            answer = self._get()
        if answer and answer != self._read[0]:
            self._read = answer, Tokens(**caches["tokens"]._cache._serializer.loads(answer))  # type: ignore[attr-defined]
        return self._read[1] if answer else None

    def _get(self) -> bytes | None:
        if not hasattr(self._kept, "connection"):
            # Of the server that is written to: a replica may be behind.
            pool = caches["tokens"]._cache._get_connection_pool(write=True)  # type: ignore[attr-defined]
            self._kept.connection = pool.get_connection()
            self._kept.key = caches["tokens"].make_and_validate_key(KEY)
        connection = self._kept.connection
        try:
            connection.send_command("GET", self._kept.key)
            return connection.read_response()
        except BaseException:
            connection.disconnect()  # an answer that comes later must not be taken for that to another question
            raise
