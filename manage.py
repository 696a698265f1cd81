#!/usr/bin/env python
"""Run a management command of the site."""

import gc
import os
import sys
from pathlib import Path

PRODUCTION = "config.settings.production"


def main() -> None:
    """Put `site/` (a plain folder, home of the package `config`) on the path, then let Django take over.

    The settings are production's, unless the environment or .env names others; the web server reads no such line.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent / "site"))

    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - as below
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the path set above

    if sys.argv[1:2] == ["web"]:
        gc.disable()  # until config.wsgi has loaded the rest
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", PRODUCTION)
    else:
        gc.set_threshold(
            10_000
        )  # not 700: to search what is loaded for garbage takes an eighth of a short command

    import config.env  # noqa: F401, PLC0415 - reads .env into the environment

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", PRODUCTION)

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()
