"""What the home app does when the site starts: it connects what changes public pages to the page cache."""

from home import signals


def register() -> None:
    signals.connect()
