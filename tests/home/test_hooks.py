"""What apps contribute to each other: every hook of ours, who contributes to it, and the one place that asks."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils import timezone
from wagtail import hooks

from config.backup import restoring
from config.management.commands import worker
from forms import subjects
from home import csp, listings, mail_attachments, navigation, request_validation, today
from home.brand import previews
from home.jobs import Job
from home.message_subjects import SubjectKind
from home.page_cache import schedule
from home.search import site
from policies.cookie_audit import rules
from policies.facts import registry
from policies.ledger import daily_check, entries
from policies.models import PolicyVersion
from policies.personal_data import processing, register

ROOT = Path(__file__).parents[2]
APPS = {"home": "home", "policies": "policies", "forms": "forms", "store": "store", "config": "site/config"}


class Hook(NamedTuple):
    contributors: set[str]
    collector: Callable[[], object]
    item: Any  # something to contribute twice


HOOKS = {
    "register_service_providers": Hook(
        {"home", "store"}, csp.providers_in_use, csp.Provider("key", "Name", "purpose")
    ),
    "register_footer_links": Hook(
        {"policies", "store"},
        navigation.footer_menu,
        navigation.Link("Title", "/url/"),
    ),
    "register_search_sections": Hook(
        {"home", "store"}, site.sections, site.Section("key", 1, lambda asked: None)
    ),
    "register_known_changes": Hook(
        {"home", "policies"},
        lambda: schedule.next_change(timezone.now()),
        schedule.next_scheduled_page,
    ),
    "register_policy_facts": Hook(
        {"policies", "store"}, registry.facts, registry.Fact("key", "Label", dict, "template.html")
    ),
    "register_personal_data": Hook(
        {"policies", "forms", "store", "config"},
        register.registered,
        register.PersonalData(key="key", label="", what="", purpose="", keep=lambda: None),
    ),
    "register_safeguards": Hook({"policies", "config"}, processing.record, processing.Safeguard("Label", "")),
    "register_audit_paths": Hook({"policies", "store"}, rules.registered_paths, "/path/"),
    "register_audit_actions": Hook({"store"}, rules.registered_actions, rules.Action(name="name", press="a")),
    "register_ledger_kinds": Hook({"policies", "store", "forms"}, entries.contributed_kinds, PolicyVersion),
    "register_record_checks": Hook({"policies"}, daily_check.record_checks, print),
    "register_restore_steps": Hook(set(), restoring.contributed_steps, print),
    "register_mail_attachments": Hook(
        {"policies"}, mail_attachments.kinds, mail_attachments.Kind("key", lambda name: None)
    ),
    "register_first_steps": Hook(
        {"home", "policies", "forms", "store"}, today.first_steps, today.Step("key", 1, "Do it", "/", bool)
    ),
    "register_listings": Hook(
        {"home", "store"}, listings.listings, listings.Listing("key", "Label", "template.html", lambda *_: [])
    ),
    "register_brand_previews": Hook(
        {"home", "store"},
        previews.previews,
        previews.BrandPreview("key", "Label", lambda request: HttpResponse()),
    ),
    "register_message_subjects": Hook(
        {"store"}, subjects.kinds, SubjectKind("kind", "Label", lambda key: None, lambda key: None)
    ),
    "register_upload_paths": Hook({"forms"}, request_validation.upload_paths, "/path/"),
    "register_worker_jobs": Hook(
        {"home", "store", "policies", "forms"}, worker.contributed_jobs, Job("name", 60, print)
    ),
}


def names_collected() -> Iterator[str]:
    """Yield the name in every call of `collect` in the code of the site."""
    for path in (path for folder in APPS.values() for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name == "collect" and str(node.args[0].value).startswith("register_"):
                    yield node.args[0].value


def test_each_hook_is_asked_for_in_one_place() -> None:
    assert Counter(names_collected()) == dict.fromkeys(HOOKS, 1)


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_has_the_contributors_that_are_listed(name: str) -> None:
    modules = {function.__module__.partition(".")[0] for function in hooks.get_hooks(name)}
    assert modules == {app for app in HOOKS[name].contributors if apps.is_installed(app)}


@pytest.mark.django_db
@pytest.mark.parametrize("name", HOOKS)
def test_two_contributions_with_one_key_are_refused(name: str) -> None:
    hook = HOOKS[name]
    with (
        hooks.register_temporarily(name, lambda: [hook.item, hook.item]),
        pytest.raises(ImproperlyConfigured, match=f"{name}: there are two contributions with the key"),
    ):
        hook.collector()
    hook.collector()


@pytest.mark.slow
def test_django_setup_searches_for_no_hooks() -> None:
    code = "import django, wagtail.hooks; django.setup(); print(wagtail.hooks._searched_for_hooks)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}",
            "ENV_FILE": "/dev/null",
        },
    )
    assert done.stdout.strip() == "False"
