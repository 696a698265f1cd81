"""The secret that signs webhooks when nobody chose one: made by chance once, kept in a file beside the database.

Whoever starts the sandbox hands it to the shop too, so that no secret stands in the code.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def webhook_secret(database: Path) -> str:
    """Return the secret that belongs to a sandbox's database, making it at first."""
    path = database.with_suffix(".webhook-secret")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"whsec_{secrets.token_urlsafe(32)}")
        try:
            with suppress(FileExistsError):  # the other side was first: then its secret counts
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
