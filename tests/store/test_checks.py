"""System checks: settings that must not go together."""

from typing import Any

import pytest
from django.core.checks import run_checks

from store.payments import stripe_client

SANDBOX = "http://127.0.0.1:8001"


def found(*, deploy: bool = False) -> set[str]:
    messages = run_checks(include_deployment_checks=deploy)
    return {message.id for message in messages if message.id.startswith("store.")}


def test_the_settings_of_these_tests_are_in_order() -> None:
    assert found() == set()


def test_a_live_key_while_debugging_is_refused(settings: Any) -> None:
    settings.STRIPE_API_URL = ""
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    assert found() == set()
    settings.DEBUG = True
    assert found() == {"store.E001"}


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_good", ""], ["sk_test_1"]])
def test_a_key_without_a_webhook_secret_is_refused(settings: Any, secrets: list[str]) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = secrets
    assert found() == {"store.E002"}


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_a_live_key_for_the_sandbox_is_refused(settings: Any, key: str) -> None:
    settings.STRIPE_SECRET_KEY = key
    settings.STRIPE_API_URL = SANDBOX
    assert found() == {"store.E003"}


def test_a_sandbox_on_another_machine_is_refused(settings: Any) -> None:
    settings.STRIPE_API_URL = "http://sandbox.example.com"
    assert found() == {"store.E004"}


@pytest.mark.parametrize(
    ("origin", "is_refused"),
    [("pay.example.com", True), ("http://pay.example.com", True), ("https://pay.example.com/", False)],
)
def test_payment_pages_at_no_origin_are_refused(settings: Any, origin: str, is_refused: bool) -> None:
    settings.STRIPE_API_URL, settings.STRIPE_CHECKOUT_ORIGIN = "", origin
    assert found() == ({"store.E008"} if is_refused else set())
    assert stripe_client.checkout_origin() != "https://pay.example.com/"


@pytest.mark.parametrize("currency", ["", "XXQ", "gbp!", "MGA"])
def test_a_currency_that_cannot_be_charged_is_refused(settings: Any, currency: str) -> None:
    settings.CURRENCY = currency
    assert found() == {"store.E005"}


def test_test_money_in_production_is_warned_of(settings: Any) -> None:
    assert found(deploy=True) == {"store.W001"}
    settings.STRIPE_API_URL = ""
    settings.STRIPE_SECRET_KEY = "sk_live_1"
    assert found(deploy=True) == set()
