"""Encrypted files: of the format that age tools read, and any other is refused before it gives out a byte of it."""

import io
from base64 import b64decode

import pytest

from config.backup import age

SECRET = "a passphrase of tests"
# From the collection of test files for implementations of age (C2SP/CCTV, "scrypt"): its passphrase is "password".
MADE_BY_OTHERS = b"""age-encryption.org/v1
-> scrypt rF0/NwblUHHTpgQgRpe5CQ 10
gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY
--- IOXiQYStkoT1mvZW2tFOqZdhRVvj58egABx/sWfZQbc
""" + b64decode("GzXG5ofdANo6w3msn3QsIf0YWhuePe1znRSsappQEk24Ztg=")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "COST", 1)


def sealed(data: bytes, *, secret: str = SECRET) -> bytes:
    file = io.BytesIO()
    writer = age.Writer(file, secret)
    for start in range(0, len(data), 7001):
        writer.write(data[start : start + 7001])
    writer.finish()
    return file.getvalue()


def opened(file: bytes, *, secret: str = SECRET) -> bytes:
    return age.Reader(io.BytesIO(file), secret).read()


def header_of(file: bytes) -> int:
    return file.index(b"\n---") + len("\n--- ") + 43 + 1


@pytest.mark.parametrize("size", [0, 1, age.CHUNK - 1, age.CHUNK, age.CHUNK + 1, 3 * age.CHUNK])
def test_what_was_sealed_is_opened(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    assert opened(sealed(data[:size])) == data[:size]


def test_a_file_of_another_age_tool_is_opened() -> None:
    assert opened(MADE_BY_OTHERS, secret="password") == b"age"


def test_a_file_cut_off_anywhere_is_refused() -> None:
    file = sealed(bytes(2 * age.CHUNK + 10))
    step, payload = age.CHUNK + age.TAG, header_of(file) + age.NONCE
    boundaries = [payload + step * n for n in range(3)]
    ends = [0, 1, 30, payload - age.NONCE, payload - 1, len(file) - 1]
    for end in {*ends, *(cut + by for cut in boundaries for by in (-1, 0, 1, age.TAG, 5000))}:
        if end < len(file):
            with pytest.raises(age.UnreadableError):
                opened(file[:end])


def test_a_bit_flipped_anywhere_is_seen() -> None:
    file = sealed(bytes(age.CHUNK + 10))
    for place in [*range(header_of(file) + age.NONCE + 20), 40_000, len(file) - 30, len(file) - 1]:
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises(age.UnreadableError):
            opened(bytes(changed))


def test_chunks_exchanged_dropped_or_added_are_seen() -> None:
    file = sealed(bytes(3 * age.CHUNK))
    step, payload = age.CHUNK + age.TAG, header_of(file) + age.NONCE
    head, first, second, third = (
        file[:payload],
        *(file[payload + step * n : payload + step * (n + 1)] for n in range(3)),
    )
    for chunks in (
        second + first + third,
        first + third,
        third,
        first + second,
        first + second + third + third,
    ):
        with pytest.raises(age.UnreadableError, match="damaged or incomplete"):
            opened(head + chunks)


def test_nothing_of_a_damaged_chunk_is_given_out() -> None:
    file = bytearray(sealed(bytes(2 * age.CHUNK)))
    file[-1] ^= 1
    reader = age.Reader(io.BytesIO(bytes(file)), SECRET)
    assert len(reader.read(age.CHUNK)) == age.CHUNK
    with pytest.raises(age.UnreadableError):
        reader.read(1)


def test_another_passphrase_is_said_to_be_one() -> None:
    with pytest.raises(age.UnreadableError, match="another BACKUP_PASSPHRASE"):
        opened(sealed(b"x"), secret="another one of tests")


def test_a_file_that_wants_all_memory_is_refused() -> None:
    with pytest.raises(age.UnreadableError, match="more memory"):
        opened(sealed(b"x").replace(b" 1\n", b" 30\n", 1))


@pytest.mark.parametrize(
    "file", [b"", b"PK\x03\x04", b"x" * 100_000, b"\n" * 1000, b"age-encryption.org/v2\n"]
)
def test_a_foreign_file_is_refused(file: bytes) -> None:
    with pytest.raises(age.UnreadableError, match="not a backup of this site"):
        opened(file)
