"""Production starts only when it is fully configured, and says what is missing."""

import os
import re
import subprocess
import sys

import pytest

from tests.config.production import COMPLETE, ROOT

pytestmark = pytest.mark.slow


def _check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `check --deploy` as production would."""
    return _python(environment, "manage.py", "check", "--deploy", "--fail-level", "WARNING")


def _python(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as production would, with nothing of this machine's own environment but the path."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_environment_passes_the_deployment_checks() -> None:
    result = _check(COMPLETE)
    assert result.returncode == 0, result.stderr


def test_hsts_can_start_with_minutes_without_a_complaint() -> None:
    assert _check({**COMPLETE, "SECURE_HSTS_SECONDS": "300"}).returncode == 0


def test_an_empty_environment_is_refused_and_every_missing_variable_named() -> None:
    result = _check({})
    assert result.returncode != 0
    for name in (
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "SITE_URL",
        "DATABASE_URL",
        "EMAIL_URL",
        "DEFAULT_FROM_EMAIL",
    ):
        assert name in result.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "DATABASE_URL", "EMAIL_URL", "STRIPE_WEBHOOK_SECRET"]
)
def test_one_missing_variable_is_refused_by_name(name: str) -> None:
    result = _check({**COMPLETE, name: ""})
    assert result.returncode != 0
    assert f"Production does not start without these variables: {name}." in result.stderr


# Each mistake by itself is an error; together they take one run.
@pytest.mark.parametrize(
    "mistakes",
    [
        {
            "SECRET_KEY": (
                "development-only-key-which-protects-nothing-of-value",
                "(config.E004) SECRET_KEY is one that",
            ),
            "ALLOWED_HOSTS": (
                "www.example.com,*",
                "(config.E006) ALLOWED_HOSTS must name the site's own hosts",
            ),
            "SITE_URL": ("http://www.example.com", "(config.E007) SITE_URL must begin with https://"),
            "DATABASE_URL": (
                "sqlite://:memory:",
                "(config.E010) DATABASE_URL must not be a database in memory",
            ),
            "PRIVATE_STORAGE_URL": (
                (ROOT / "var/media/private").as_uri(),
                "(config.E011) PRIVATE_STORAGE_URL must not lie",
            ),
            "CACHE_URL": (
                "locmemcache://",
                "(config.E012) CACHE_URL must name a cache that all processes share",
            ),
            "EMAIL_URL": ("consolemail://", "(config.E013) EMAIL_URL must name a mail server"),
            "STRIPE_SECRET_KEY": (
                "sk_test_0123456789",
                "(store.E006) STRIPE_SECRET_KEY is no live key: goods would go out for test money",
            ),
            "STRIPE_API_URL": ("http://127.0.0.1:8001", "(store.E004) STRIPE_API_URL must be empty"),
            "STRIPE_WEBHOOK_SECRET": (
                "changeme",
                "(store.E002) STRIPE_WEBHOOK_SECRET is none of Stripe's",
            ),
        },
        {
            "SECRET_KEY": ("0123456789" * 4, "(config.E005) SECRET_KEY must be random and have at least 50"),
            "ALLOWED_HOSTS": ("example.org", "(config.E009) SITE_URL must name a host of ALLOWED_HOSTS"),
            "DATABASE_URL": ("sqlite:///", "(config.E010) DATABASE_URL must not be a database in memory"),
            "PRIVATE_STORAGE_URL": (
                (ROOT / "var/x/../media").as_uri(),
                "(config.E011) PRIVATE_STORAGE_URL must not lie",
            ),
            "CACHE_URL": (
                "dummycache://",
                "(config.E012) CACHE_URL must name a cache that all processes share",
            ),
            "EMAIL_URL": ("dummymail://", "(config.E013) EMAIL_URL must name a mail server"),
            "STRIPE_WEBHOOK_SECRET": (
                "whsec_0123456789abcdef,whsec_1",
                "(store.E002) STRIPE_WEBHOOK_SECRET is none of Stripe's",
            ),
        },
        {
            "SITE_URL": (
                "https://user:secret@www.example.com",
                "(config.E008) SITE_URL must not hold a name or a password",
            ),
            "EMAIL_URL": ("memorymail://", "(config.E013) EMAIL_URL must name a mail server"),
        },
    ],
)
def test_a_value_that_would_leak_or_lose_something_is_refused_with_the_reason(
    mistakes: dict[str, tuple[str, str]],
) -> None:
    result = _check({**COMPLETE, **{name: value for name, (value, _) in mistakes.items()}})
    assert result.returncode != 0
    assert [reason for _, reason in mistakes.values() if reason not in result.stderr] == []
    assert len(re.findall(r"\(\w+\.E\d+\)", result.stderr)) == len(mistakes)


@pytest.mark.parametrize(
    ("name", "value", "explanation"),
    [
        ("SITE_URL", "www.example.com", "SITE_URL must be like"),
        ("SITE_URL", "https://www.example.com/shop", "SITE_URL must be like"),
        ("MEDIA_STORAGE_URL", "ftp://files.example.com/", "MEDIA_STORAGE_URL must be like"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must be like postgres://"),
        ("DATABASE_URL", "http://localhost/site", "DATABASE_URL must be like postgres://"),
        ("DATABASE_URL", "postgres://localhost", "DATABASE_URL must be like postgres://"),
        ("DATABASE_URL", "postgres://site@localhost:port/site", "DATABASE_URL must be like postgres://"),
        ("EMAIL_URL", "nonsense", "EMAIL_URL must be like smtp+tls://"),
        ("PAGE_CACHE_SECONDS", "-1", "PAGE_CACHE_SECONDS must be a whole number"),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_the_reason(name: str, value: str, explanation: str) -> None:
    result = _check({**COMPLETE, name: value})
    assert result.returncode != 0
    assert explanation in result.stderr


START_WEB = ("-c", "import sys; sys.path.insert(0, 'site'); import config.wsgi")
START_WORKER = ("manage.py", "worker", "--once")


@pytest.mark.parametrize("start", [START_WEB, START_WORKER], ids=["web", "worker"])
@pytest.mark.parametrize(
    ("name", "value", "explanation"),
    [
        ("SITE_URL", "http://www.example.com", "(config.E007) SITE_URL must begin with https://"),
        ("STRIPE_SECRET_KEY", "sk_test_0123456789", "(store.E006) STRIPE_SECRET_KEY is no live key"),
        ("EMAIL_URL", "", "Production does not start without these variables: EMAIL_URL."),
    ],
)
def test_web_and_worker_do_not_start_with_settings_that_the_checks_refuse(
    start: tuple[str, ...], name: str, value: str, explanation: str
) -> None:
    result = _python({**COMPLETE, name: value}, *start)
    assert result.returncode != 0
    assert explanation in result.stderr


def test_the_web_starts_with_a_complete_environment() -> None:
    assert _python(COMPLETE, *START_WEB).returncode == 0


def test_test_money_is_taken_where_it_is_meant() -> None:
    result = _check({**COMPLETE, "STRIPE_SECRET_KEY": "sk_test_0123456789", "STRIPE_TEST_MONEY": "1"})
    assert "store.W001" in result.stderr
    assert "ERRORS" not in result.stderr


def test_production_has_no_demo_whose_passwords_are_published() -> None:
    result = _python(COMPLETE, "manage.py", "seed_demo")
    assert result.returncode != 0
    assert "Unknown command: 'seed_demo'" in result.stderr


def test_the_image_holds_neither_the_demo_nor_the_tools() -> None:
    everything, *taken = re.findall(r"^[*!].*", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert everything == "*"
    assert {"!store/", "!site/"} <= set(taken)
    assert not {"!demo/", "!tools/"} & set(taken)


def test_the_image_is_built_with_everything_that_production_asks_for() -> None:
    build = (ROOT / "Dockerfile").read_text().partition("collectstatic")[0].rpartition("\nRUN ")[2]
    given = dict(re.findall(r"([A-Z_]+)=(\S+)", build))
    given["SECRET_KEY"] = COMPLETE["SECRET_KEY"]  # made at random in the file
    result = _check(given)
    assert "System check identified some issues" in result.stderr  # warnings: it was started
    assert "ERRORS" not in result.stderr
