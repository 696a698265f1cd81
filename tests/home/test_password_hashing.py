"""Passwords to hash at the same moment: few are hashed, fewer wait, and the rest are told to try again."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Timer
from typing import Any

import pytest
from axes.models import AccessLog
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from config import sign_in
from home import password_hashing
from home.password_hashing import BoundedPBKDF2PasswordHasher, HashingBusyError
from home.throttling import Limit

pytestmark = pytest.mark.also_without_shop


class SlowHashes:
    """Hashes that end when the test says so."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.begun, self.end = 0, Event()
        self._pool = pool

    def encode(self, *_arguments: object) -> str:
        self.begun += 1
        assert self.end.wait(10)
        return "a hash"

    def start(self) -> Future[str]:
        """Hash a password in a thread of its own."""
        return self._pool.submit(BoundedPBKDF2PasswordHasher().encode, "a password", "salt")

    def take_all_places(self) -> list[Future[str]]:
        """Hash as many as there are places for, and wait until each has one."""
        hashing = [self.start() for _ in range(4)]
        while password_hashing._places._value:
            time.sleep(0.01)
        return hashing


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowHashes]:
    with ThreadPoolExecutor(40) as pool:
        slow = SlowHashes(pool)
        monkeypatch.setattr(PBKDF2PasswordHasher, "encode", lambda _self, *arguments: slow.encode(*arguments))
        yield slow
        slow.end.set()


def outcomes(hashing: list[Future[str]]) -> list[bool]:
    """Return of each whether it was refused."""
    return sorted(isinstance(one.exception(timeout=10), HashingBusyError) for one in hashing)


def test_of_forty_at_once_two_are_hashed_and_two_wait_for_them(hashes: SlowHashes) -> None:
    hashing = [hashes.start() for _ in range(40)]
    refused = [one for one in hashing if _ended(one)]
    assert (hashes.begun, len(refused)) == (2, 36)
    hashes.end.set()
    assert outcomes(hashing) == [False] * 4 + [True] * 36
    assert hashes.begun == 4


def _ended(one: Future[str]) -> bool:
    try:
        one.exception(timeout=0.1)
    except TimeoutError:
        return False
    return True


def test_no_hash_waits_for_long(hashes: SlowHashes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_hashing, "LONGEST_WAIT", 0.1)
    hashing = [hashes.start() for _ in range(3)]
    while not any(one.done() for one in hashing):
        pass
    hashes.end.set()
    assert outcomes(hashing) == [False, False, True]


def test_a_hash_that_fails_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> str:
        raise MemoryError

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", fail)
    for _ in range(5):
        with pytest.raises(MemoryError):
            BoundedPBKDF2PasswordHasher().encode("a password", "salt")


def test_passwords_of_before_are_still_right() -> None:
    before = PBKDF2PasswordHasher().encode("a password", "salt", 10)
    assert BoundedPBKDF2PasswordHasher().verify("a password", before)
    assert BoundedPBKDF2PasswordHasher().encode("a password", "salt", 10) == before


@pytest.mark.django_db
def test_a_sign_in_while_hashing_is_busy_is_told_what_to_do_and_not_counted(
    client: Client, hashes: SlowHashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(Limit, "take", lambda _limit, client: counted.append(client) or 0)
    hashing = hashes.take_all_places()
    response = client.post("/admin/login/", {"username": "owner@example.com", "password": "wrong"})
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "Wait ten seconds, then try again." in response.content.decode()
    assert 'href="/admin/login/">Try again' in response.content.decode()
    assert counted == []
    hashes.end.set()
    assert not any(outcomes(hashing))
    assert client.post("/admin/login/", {"username": "a@example.com", "password": "wrong"}).status_code == 200
    assert len(counted) == len((sign_in.PAIR, sign_in.CLIENT, sign_in.STRANGERS))


@pytest.mark.django_db
def test_strangers_who_take_all_places_do_not_keep_out_who_signed_in_from_there_before(
    client: Client, hashes: SlowHashes
) -> None:
    AccessLog.objects.create(username="owner@example.com", ip_address="127.0.0.1")
    hashing = hashes.take_all_places()
    Timer(0.3, hashes.end.set).start()
    answer = client.post("/admin/login/", {"username": "owner@example.com", "password": "wrong"})
    assert answer.status_code == 200
    assert not any(outcomes(hashing))
    hashes.end.clear()
    hashing = hashes.take_all_places()
    assert client.post("/admin/login/", {"username": "a@example.com", "password": "a"}).status_code == 503
    hashes.end.set()
    assert not any(outcomes(hashing))


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["/admin/login/", "/_util/login/"])
def test_a_sign_in_whose_place_was_taken_after_it_was_counted_gets_its_counts_back(
    client: Client, hashes: SlowHashes, monkeypatch: pytest.MonkeyPatch, settings: Any, form: str
) -> None:
    settings.PASSWORD_HASHERS = ["home.password_hashing.BoundedPBKDF2PasswordHasher"]
    monkeypatch.setattr(sign_in, "refuse_while_busy", lambda **_known: None)
    hashing = hashes.take_all_places()
    response = client.post(form, {"username": "owner@example.com", "password": "wrong"})
    assert response.status_code == 503
    counts = (
        sign_in.PAIR._taken("127.0.0.1 owner@example.com"),
        sign_in.CLIENT._taken("127.0.0.1"),
        sign_in.STRANGERS._taken("owner@example.com"),
    )
    assert not any(counts)
    hashes.end.set()
    assert not any(outcomes(hashing))
    client.post(form, {"username": "owner@example.com", "password": "wrong"})
    assert len(sign_in.STRANGERS._taken("owner@example.com")) == 1
