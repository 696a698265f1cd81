"""What the forms app registers when the site starts: what visitors write, as personal data."""

from forms import privacy


def register() -> None:
    privacy.register()
