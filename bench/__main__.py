"""Runs every measurement, or the ones named: `python -m bench redline`. `make bench` sets the surroundings."""

import sys
import time
from importlib import import_module

import django

MEASUREMENTS = ("redline", "policy_pages", "ledger", "pages", "cached", "memory", "lighthouse")


def main() -> None:
    django.setup()  # before the modules below are imported: they know models
    names = sys.argv[1:] or MEASUREMENTS
    missed = [limit for name in names for limit in _measured(name)]
    if missed:
        sys.exit("\n".join(["", *missed]))


def _measured(name: str) -> list[str]:
    start = time.monotonic()
    missed: list[str] = import_module(f"bench.{name}").run()
    print(f"({name}: {time.monotonic() - start:.0f} seconds)\n", flush=True)
    return missed


if __name__ == "__main__":
    main()
