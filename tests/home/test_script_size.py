"""What consent costs a visitor: the scripts that a page can load for it stay small."""

import gzip
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static/js"
LIMIT = 6_000  # bytes, compressed


def test_consent_with_all_that_a_page_can_need_is_below_six_kilobytes() -> None:
    def weigh(path: Path) -> int:
        return len(gzip.compress(path.read_bytes(), 9, mtime=0))

    always = [weigh(STATIC / "components" / name) for name in ("consent.js", "embed.js")]
    loaders = [weigh(path) for path in (STATIC / "analytics").glob("*.js")]
    assert loaders
    assert sum(always) + max(loaders) < LIMIT  # a page has one analytics service
