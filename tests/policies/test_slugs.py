"""Which slugs a policy may have: none whose URL the site answers itself."""

import pytest

from policies.models import Policy


@pytest.mark.parametrize("slug", ["admin", "cookies", "healthz", "readyz", "media", "static"])
def test_a_slug_of_a_url_of_the_site_is_not_free(slug: str) -> None:
    assert not Policy.is_slug_free(slug)


@pytest.mark.parametrize("slug", ["privacy-policy", "terms", "datenschutzerklärung", "media-rules"])
def test_any_other_is_free(slug: str) -> None:
    assert Policy.is_slug_free(slug)
