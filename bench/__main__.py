"""Runs every measurement, or the ones named: `python -m bench redline`. `make bench` sets the surroundings."""

import sys
from importlib import import_module

import django

MEASUREMENTS = ("redline", "policy_pages", "ledger", "pages", "cached", "memory", "lighthouse")


def main() -> None:
    django.setup()  # before the modules below are imported: they know models
    names = sys.argv[1:] or MEASUREMENTS
    missed = [limit for name in names for limit in import_module(f"bench.{name}").run()]
    if missed:
        sys.exit("\n".join(["", *missed]))


if __name__ == "__main__":
    main()
