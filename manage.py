#!/usr/bin/env python
"""Run a management command of the site."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Put `site/` (a plain folder, home of the package `config`) on the path, then let Django take over."""
    sys.path.insert(0, str(Path(__file__).resolve().parent / "site"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the path set above

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
