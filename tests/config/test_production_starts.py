"""Wherever a web server of production is started, it gets the same limits."""

import pytest

from tests.config.test_production_settings import ROOT


@pytest.mark.parametrize(
    "file", ["Procfile", "Dockerfile", "docs/running-in-production.md", "deploy/systemd/site-web.service"]
)
def test_granian_is_started_with_the_same_limits_everywhere(file: str) -> None:
    lines = [line for line in (ROOT / file).read_text().splitlines() if "granian --interface" in line]
    assert lines
    limits = (
        "--blocking-threads 8 --backlog 1024 --backpressure 256 --http1-header-read-timeout 10000 --no-ws"
    )
    assert all(limits in line for line in lines)
