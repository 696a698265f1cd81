"""Encrypts a stream under a passphrase, in the format of age: https://age-encryption.org/v1, one recipient, scrypt.

Any age tool opens such a file. Each chunk is authenticated with its number and with whether it is the last, so a
change, an exchange or an early end is found, and nothing is given out before its chunk was checked.
"""

import io
import re
import secrets
from base64 import b64decode, b64encode
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

CHUNK, TAG, NONCE = 65_536, 16, 16  # bytes
COST, MOST_COST = 17, 18  # powers of two: 128 MB to try a passphrase, and what a file may ask us for: 256 MB
_HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9]\d?)\n([A-Za-z0-9+/]{43})\n--- [A-Za-z0-9+/]{43}\n"
)
_LONGEST_LINE = 64


class UnreadableError(Exception):
    """A file that cannot be decrypted; the words say why."""


class Writer:
    """Encrypts what is written to it; without `finish` the file is incomplete, which a reader sees."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt, file_key, nonce = (secrets.token_bytes(16) for _ in range(3))
        wrapped = _wrapping(passphrase, salt, COST).encrypt(bytes(12), file_key, None)
        self._file, self._waiting, self._count = file, bytearray(), 0
        self._cipher = ChaCha20Poly1305(_derive(file_key, b"payload", salt=nonce))
        file.write(_header(salt, COST, wrapped, file_key) + nonce)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > CHUNK:  # the last chunk is sealed as such
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, data: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._count, is_last=is_last), data, None))
        self._count += 1


class Reader(io.RawIOBase):
    """Decrypts a file while it is read. Raises UnreadableError, at the start or at the chunk that is damaged."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        header = b"".join(file.readline(_LONGEST_LINE) for _ in range(4))
        match = _HEADER.fullmatch(header)
        if not match:
            raise UnreadableError("it is not a backup of this site")
        salt, cost, wrapped = _decode(match[1]), int(match[2]), _decode(match[3])
        if cost > MOST_COST:
            raise UnreadableError("it asks for more memory than a backup of this site does")
        try:
            file_key = _wrapping(passphrase, salt, cost).decrypt(bytes(12), wrapped, None)
        except InvalidTag:
            raise UnreadableError("it was made with another BACKUP_PASSPHRASE, or is damaged") from None
        if header != _header(salt, cost, wrapped, file_key):
            raise UnreadableError("it is damaged")
        self._cipher = ChaCha20Poly1305(_derive(file_key, b"payload", salt=file.read(NONCE)))
        self._file, self._count, self._opened = file, 0, b""
        self._sealed = file.read(CHUNK + TAG)
        self._open()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._opened and self._sealed:
            self._open()
        count = min(len(buffer), len(self._opened))
        buffer[:count], self._opened = self._opened[:count], self._opened[count:]
        return count

    def _open(self) -> None:
        sealed, self._sealed = self._sealed, self._file.read(CHUNK + TAG)
        try:
            self._opened = self._cipher.decrypt(_nonce(self._count, is_last=not self._sealed), sealed, None)
        except InvalidTag:
            raise UnreadableError("it is damaged or incomplete") from None
        self._count += 1


def _wrapping(passphrase: str, salt: bytes, cost: int) -> ChaCha20Poly1305:
    kdf = Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=2**cost, r=8, p=1)
    return ChaCha20Poly1305(kdf.derive(passphrase.encode()))


def _derive(key: bytes, info: bytes, *, salt: bytes = b"") -> bytes:
    return HKDF(SHA256(), length=32, salt=salt, info=info).derive(key)


def _header(salt: bytes, cost: int, wrapped: bytes, file_key: bytes) -> bytes:
    lines = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_encode(salt), cost, _encode(wrapped))
    mac = HMAC(_derive(file_key, b"header"), SHA256())
    mac.update(lines)
    return b"%s %s\n" % (lines, _encode(mac.finalize()))


def _nonce(count: int, *, is_last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([is_last])


def _encode(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    return b64decode(text + b"=" * (-len(text) % 4))
