"""The pages of a policy that anybody can open, and when tests open them."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PATHS = [
    "",
    "versions/",
    "versions/1/",
    "versions/2/",
    "compare/1/2/",
    "compare/2/1/",
    "compare/1/2/side-by-side/",
    "feed/",
    "on/2026-02-08/",
    "versions/1/record.json",
    "versions/1/record.json.sha256",
]
