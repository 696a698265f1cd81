"""Idempotency keys as Stripe treats them: the same request under the same key is done once and answered alike.

An answer is kept in the transaction of what it answers, for a day. A request that was refused before its work began
leaves no trace, so that it can be sent again corrected.
"""

import hashlib
from dataclasses import dataclass

from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.messages import Response
from tools.stripe_sandbox.storage import Records, Storage

KEPT_FOR = 24 * 60 * 60
LONGEST_KEY = 255
SERVER_ERROR = 500


@dataclass(frozen=True)
class Claim:
    """The right to do what a key stands for."""

    account: str  # the API key: every key has idempotency keys of its own
    key: str
    path: str
    text: str  # the request's parameters
    request: str

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def claim(storage: Storage, wanted: Claim, now: int) -> Response | None:
    """Return the answer that is kept for a key, or None: then the caller has claimed it."""
    if len(wanted.key) > LONGEST_KEY:
        raise ApiError(f"Idempotency keys have at most {LONGEST_KEY} characters.", kind="idempotency_error")
    with storage.transaction() as db:
        db.change("DELETE FROM answer WHERE created <= ? AND status IS NOT NULL", now - KEPT_FOR)
        query = "SELECT * FROM answer WHERE account = ? AND key = ?"
        rows = db.rows(query, wanted.account, wanted.key)
        if not rows:
            db.change(
                "INSERT INTO answer (account, key, path, fingerprint, created, request) VALUES (?, ?, ?, ?, ?, ?)",
                *(wanted.account, wanted.key, wanted.path, wanted.fingerprint, now, wanted.request),
            )
            return None
    kept = rows[0]
    if kept["path"] != wanted.path:
        raise _other_use(wanted.key, f"for the same endpoint they were first used for ('{kept['path']}')")
    if kept["fingerprint"] != wanted.fingerprint:
        raise _other_use(wanted.key, "with the same parameters they were first used with")
    if kept["status"] is None:
        raise _under_way(wanted.key)
    headers = {"Idempotent-Replayed": "true", "Original-Request": kept["request"]}
    if kept["status"] >= SERVER_ERROR:
        headers["Stripe-Should-Retry"] = "false"  # the answer would be the same
    return Response(kept["status"], kept["body"], {"Content-Type": "application/json", **headers})


def keep(db: Records, claimed: Claim, answer: Response) -> None:
    """Keep the answer to a claimed key."""
    db.change(
        "UPDATE answer SET status = ?, body = ? WHERE account = ? AND key = ?",
        *(answer.status, answer.body, claimed.account, claimed.key),
    )


def release(storage: Storage, claimed: Claim) -> None:
    """Give a claimed key back, as if it had never been used."""
    query = "DELETE FROM answer WHERE account = ? AND key = ? AND status IS NULL"
    with storage.transaction() as db:
        db.change(query, claimed.account, claimed.key)


def _other_use(key: str, rule: str) -> ApiError:
    text = (
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than '{key}' if you meant to "
        "execute a different request."
    )
    return ApiError(text, kind="idempotency_error")


def _under_way(key: str) -> ApiError:
    text = (
        f"There is currently another in-progress request using this Idempotent Key: {key} (that probably means you "
        "submitted twice, and the other request is still going through). Please try again later."
    )
    return ApiError(text, status=409, kind="idempotency_error", code="idempotency_key_in_use")
