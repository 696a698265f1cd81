"""What lies in the database's tables, whatever models say."""

from config.backup import tables


def where(*words: bytes) -> set[str]:
    """Return the tables that hold one of these words."""
    found: set[str] = set()
    for name, table in tables.describe().items():
        pieces: list[bytes] = []
        tables.unload(name, table, pieces.append)
        if any(word in b"".join(pieces) for word in words):
            found.add(name)
    return found
