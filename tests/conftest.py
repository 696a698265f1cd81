"""Fixtures and hooks for all tests: the browser, the database, empty caches.

Test data is in `factories.py`, and each journey has its own steps.
"""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.db import connections, transaction
from django.test import Client
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from programs_for_tests import find_chromium
from tests.migrated_database import migrating_from_copy, remember

JOURNEYS = Path(__file__).parent / "journeys"
START_AND_STOP = "test_starting_and_stopping.py"  # only its first test fills a database
SOAK = int(os.environ.get("SOAK", "1"))
# The same random data in each run, so that a failure comes from what was changed; `make soak` looks for others.
# Without a deadline: a busy machine is slow now and then.
hypothesis_settings.register_profile("site", derandomize=SOAK == 1, deadline=None)
hypothesis_settings.load_profile("site")
# The browser must run without a screen and in containers, and make no requests of its own.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Python would look through a million objects that live as long as the run, for a fifth of its time.
gc.disable()
# Playwright runs an event loop in the thread of the test; Django would refuse to touch the database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


class FilesTogether(LoadScopeScheduling):
    """Gives a process the whole of a file, whose tests may share data, but tests that take seconds one by one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        one_by_one = path.startswith(("tests/faults/", "tests/journeys/")) and not path.endswith(
            START_AND_STOP
        )
        return nodeid if one_by_one else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesTogether:
    """Distribute the tests of `-n`."""
    return FilesTogether(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat races and what draws its data at random as often as `make soak` says."""
    if metafunc.definition.get_closest_marker("soak"):
        return
    marked = any(metafunc.definition.get_closest_marker(name) for name in ("hypothesis", "postgresql"))
    if SOAK > 1 and (marked or getattr(metafunc.function, "is_hypothesis_test", False)):
        metafunc.fixturenames.append("_repetition")
        metafunc.parametrize("_repetition", range(SOAK), indirect=True)


@pytest.fixture
def _repetition(request: pytest.FixtureRequest) -> int:
    return request.param


def _needs_another_site(item: pytest.Item) -> bool:
    """Return whether a test needs PostgreSQL or no shop; without a shop, those run that open pages or are about it."""
    if item.get_closest_marker("postgresql") and "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        return True
    needs_no_shop = bool(item.get_closest_marker("without_shop"))
    if apps.is_installed("store"):
        return needs_no_shop
    return not needs_no_shop and "client" not in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark journeys and further cases, and leave out what needs another database or another choice of apps."""
    left_out, seen = [], set()
    for item in items:
        if JOURNEYS in item.path.parents:
            item.add_marker("journey")
        test = item.nodeid.partition("[")[0]
        if test in seen:
            item.add_marker("further_case")
        seen.add(test)
        is_for_soak = item.get_closest_marker("soak") and SOAK == 1
        if is_for_soak or _needs_another_site(item):
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


class GoodOrder:
    """Sorts the tests. A plugin of its own, as pytest-django sorts them before.

    Slow files begin first, so that no process waits for one at the end. In each file those tests begin that do not use
    the data that others share, so that they may need an empty site.
    """

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        place = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
        items.sort(key=lambda item: (item.path not in slow, place[item.path], _shares_data(item)))


def _shares_data(item: pytest.Item) -> bool:
    return "database_of_module" in getattr(item, "fixturenames", ())


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(GoodOrder())


def pytest_collection_finish() -> None:
    _collect_garbage()


@pytest.fixture(scope="module", autouse=True)
def _no_garbage_of_other_files() -> Iterator[None]:
    yield
    _collect_garbage()


def _collect_garbage() -> None:
    """Let the garbage collector pass over what is left, which lives to the end of the run, the next time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a test was skipped or expected to fail: every test must run and pass."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and (reporter.stats.get("skipped") or reporter.stats.get("xfailed")):
        reporter.write_line("Tests were skipped or marked as failing; that counts as a failure.", red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """Let SQLite skip migrations that were run before; `django_db_setup` requests this fixture first."""
    with migrating_from_copy():
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Remember what the migrations created, for tests that commit."""
    with django_db_blocker.unblock():
        remember(connections["default"])


@pytest.fixture(scope="module")
def database_of_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let fixtures of a module write data that all its tests share; roll it back when the module ends."""
    connection = connections["default"]
    assert not connection.in_atomic_block, "Name it, or a fixture that uses it, where the test begins."
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def owner(client: Client, django_user_model: Any) -> Client:
    """Sign in somebody who may do everything."""
    client.force_login(django_user_model.objects.create_superuser("owner@example.com", "a-long-password"))
    return client


@pytest.fixture
def editor(client: Client, django_user_model: Any) -> Client:
    """Sign in one of the group *Editors*."""
    user = django_user_model.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    """Clear the caches, so that no test reads what another one stored."""
    for name in settings.CACHES:
        caches[name].clear()
    yield
    for name in settings.CACHES:
        caches[name].clear()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Use the browser that `make test` found."""
    options = {**browser_type_launch_args, "args": CHROMIUM_ARGUMENTS}
    if path := find_chromium():
        options["executable_path"] = str(path)
    return options
