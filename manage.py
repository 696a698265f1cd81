#!/usr/bin/env python
"""Run a management command of the site."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Put `site/` (a plain folder, home of the package `config`) on the path, then let Django take over.

    The settings are production's, unless the environment or .env names others.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent / "site"))

    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - as below
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the path set above

    import config.env  # noqa: F401, PLC0415 - reads .env into the environment

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()
