"""A new database in memory for a measurement, with all tables and nothing in them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test.runner import DiscoverRunner


@contextmanager
def empty() -> Iterator[None]:
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(databases)
        runner.teardown_test_environment()
