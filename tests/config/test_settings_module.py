"""Production's settings are the default everywhere; `make run` makes `.env` name development's, for manage.py alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.production import COMPLETE, ROOT

pytestmark = pytest.mark.slow

DEVELOPMENT = "DJANGO_SETTINGS_MODULE=config.settings.dev"
PRODUCTION = "config.settings.production"
# With a key of Stripe's, development's settings start no sandbox and write no secret for one.
STRIPE = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef"}
SAY_SETTINGS = "from django.conf import settings; print(settings.SETTINGS_MODULE)"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / "environment"


def run(env_file: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder, with this file for a .env and nothing of our own environment."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": str(env_file), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_manage_py_uses_the_settings_of_production(env_file: Path) -> None:
    result = run(env_file, "manage.py", "check")
    assert result.returncode != 0
    assert result.stderr.startswith("manage.py: Production does not start without these variables")
    assert (
        run(env_file, "manage.py", "shell", "-c", SAY_SETTINGS, **COMPLETE).stdout.split()[-1] == PRODUCTION
    )


def test_manage_py_uses_the_settings_that_the_file_names_unless_they_are_set(env_file: Path) -> None:
    env_file.write_text(f"{DEVELOPMENT}\n")
    result = run(env_file, "manage.py", "check", **STRIPE)
    assert (result.returncode, result.stderr) == (0, "")
    result = run(env_file, "manage.py", "check", DJANGO_SETTINGS_MODULE=PRODUCTION)
    assert "Production does not start without these variables" in result.stderr


def test_the_deployment_checks_refuse_the_settings_of_development(env_file: Path) -> None:
    env_file.write_text(f"{DEVELOPMENT}\n")
    result = run(env_file, "manage.py", "check", "--deploy", **{**COMPLETE, "CACHE_URL": ""})
    assert result.returncode != 0
    assert "config.E003" in result.stderr
    assert "DJANGO_SETTINGS_MODULE" in result.stderr


def test_wsgi_takes_no_settings_from_the_file(env_file: Path) -> None:
    env_file.write_text(f"{DEVELOPMENT}\n")
    code = f"import config.wsgi; {SAY_SETTINGS}"
    result = run(env_file, "-c", code, **COMPLETE, PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'site'}")
    assert result.stdout.strip() == PRODUCTION, result.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, f"{DEVELOPMENT}\n"),
        ("", f"{DEVELOPMENT}\n"),
        ("# Mine.\nLOG_LEVEL=INFO", f"# Mine.\nLOG_LEVEL=INFO\n{DEVELOPMENT}\n"),
        ("LOG_LEVEL=INFO\n", f"LOG_LEVEL=INFO\n{DEVELOPMENT}\n"),
        ("#DJANGO_SETTINGS_MODULE=\n", f"#DJANGO_SETTINGS_MODULE=\n{DEVELOPMENT}\n"),
        (f"{DEVELOPMENT}\nA=1\n", f"{DEVELOPMENT}\nA=1\n"),
        ("DJANGO_SETTINGS_MODULE=mine", "DJANGO_SETTINGS_MODULE=mine"),
    ],
)
def test_make_run_adds_the_line_to_the_file_once(env_file: Path, before: str | None, after: str) -> None:
    if before is not None:
        env_file.write_text(before)
    for attempt in (1, 2):
        result = run(env_file, "scripts/run.py", PORT="none")  # which ends it before it starts anything
        assert "PORT must be a number" in result.stderr
        assert env_file.read_text() == after
        is_told = before != after and attempt == 1
        assert (f"Wrote DJANGO_SETTINGS_MODULE to {env_file}" in result.stdout) is is_told


def test_make_run_says_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    result = run(tmp_path / "missing/environment", "scripts/run.py", PORT="none")
    assert f"set {DEVELOPMENT} before you use manage.py" in result.stdout


def test_make_run_refuses_the_settings_of_production(env_file: Path) -> None:
    env_file.write_text(f"DJANGO_SETTINGS_MODULE={PRODUCTION}\n")
    result = run(env_file, "scripts/run.py")
    assert result.returncode != 0
    assert env_file.read_text() == f"DJANGO_SETTINGS_MODULE={PRODUCTION}\n"
    assert "`make run` needs config.settings.dev" in result.stderr


HAND_OVER = "import run; run.read_environment(); run.hand_over_url(8123); run.hand_over_sandbox(8123)"
SAY_URL = "from django.conf import settings; print(settings.SITE_URL)"
SAY_STRIPE = "from django.conf import settings; print(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)"


def hand_over(env_file: Path, **variables: str) -> None:
    result = run(env_file, "-c", HAND_OVER, PYTHONPATH=str(ROOT / "scripts"), **variables)
    assert result.returncode == 0, result.stderr


def test_after_make_run_manage_py_finds_the_sandbox_wherever_it_moves(env_file: Path) -> None:
    env_file.write_text("LOG_LEVEL=INFO\nSTRIPE_API_URL=http://127.0.0.1:8001\n")
    hand_over(env_file)
    said = run(env_file, "manage.py", "shell", "-c", SAY_STRIPE).stdout.splitlines()[-1]
    assert said == "sk_test_sandbox http://127.0.0.1:8124"
    assert run(env_file, "manage.py", "check").returncode == 0
    before = env_file.read_text()
    assert before.startswith("LOG_LEVEL=INFO\n")
    assert before.count("STRIPE_API_URL=") == before.count("STRIPE_WEBHOOK_SECRET=whsec_") == 1
    hand_over(env_file)
    assert env_file.read_text() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "http://127.0.0.1:8123"),
        ("SITE_URL=http://127.0.0.1:8000\n", "http://127.0.0.1:8123"),
        ("SITE_URL=http://shop.example:8000\n", "http://shop.example:8000"),
    ],
)
def test_after_make_run_manage_py_knows_the_url_of_the_site(env_file: Path, before: str, after: str) -> None:
    env_file.write_text(before)
    hand_over(env_file)
    assert run(env_file, "manage.py", "shell", "-c", SAY_URL).stdout.splitlines()[-1] == after
    assert env_file.read_text().count("SITE_URL=") == 1


def test_after_make_run_with_a_key_of_stripes_own_nothing_goes_to_the_sandbox(env_file: Path) -> None:
    hand_over(env_file)
    hand_over(env_file, **STRIPE)
    said = run(env_file, "manage.py", "shell", "-c", SAY_STRIPE, **STRIPE).stdout.splitlines()[-1]
    assert said.split() == ["sk_test_1"]


def test_a_container_does_not_take_its_settings_from_the_file() -> None:
    environment = (ROOT / "compose.yaml").read_text().partition("environment: &environment")[2]
    assert f"DJANGO_SETTINGS_MODULE: {PRODUCTION}" in environment.partition("volumes:")[0]
