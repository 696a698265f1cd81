"""What a page loads to look and work as it does: its style sheet and its script stay small."""

from pathlib import Path

import brotli
import pytest

from home.bundles import bundled

STATIC = Path(__file__).resolve().parents[2] / "static"
BUNDLES = sorted((STATIC / "bundles").iterdir())
MOST = 8_000  # bytes, compressed as in production
CONSENT_MOST = 4_500


def weight(*paths: Path) -> int:
    return sum(len(brotli.compress(bundled(path).encode())) for path in paths)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_a_bundle_is_at_most_eight_kilobytes(path: Path) -> None:
    assert 1_000 < weight(path) <= MOST


def test_a_script_with_the_ones_that_can_follow_it_is_at_most_eight_kilobytes() -> None:
    check = STATIC / "js/components/policy-proof.js"
    analytics = max((STATIC / "js/analytics").glob("*.js"), key=weight)  # a page has one service
    for path in BUNDLES:
        if path.suffix == ".js":
            assert weight(path, analytics, *([check] if path.stem == "policies" else [])) <= MOST


def test_consent_with_all_that_a_page_can_need_is_below_four_and_a_half_kilobytes() -> None:
    loaders = list((STATIC / "js/analytics").glob("*.js"))
    assert loaders
    # What embeds need brings consent.js along.
    assert weight(STATIC / "js/components/embed.js") + max(map(weight, loaders)) < CONSENT_MOST
