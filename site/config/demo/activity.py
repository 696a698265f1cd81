"""A month of life in the demo: cookie choices and messages."""


def create() -> None:
    """Create choices and submissions of the last 30 days where there are none."""
