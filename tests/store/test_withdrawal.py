"""The right of withdrawal: its days stated once, and told as they apply to an order's goods and country."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.models import Site

from home.models import BrandSettings
from policies.facts import registry, typed
from policies.models import Policy, PolicyVersion
from store.models import Basket, DeliveryCountry, Order, ProductPage, ShopSettings
from store.models.withdrawal import Withdrawal
from store.orders import emails, withdrawal
from tests import factories
from tests.store.paying import press_pay, shown

pytestmark = pytest.mark.django_db
MUG, CARD, SOAP, BREAD = "Enamel mug", "Card with your name", "Soap", "Bread"
APPLIES, CUSTOM, SEALED, PERISHABLE = (
    Withdrawal.APPLIES,
    Withdrawal.CUSTOM,
    Withdrawal.SEALED,
    Withdrawal.PERISHABLE,
)


def state_days(days: int | None) -> ShopSettings:
    settings = ShopSettings.current()
    settings.site, settings.withdrawal_days = Site.objects.get(is_default_site=True), days
    settings.full_clean()
    settings.save()
    return settings


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def publish_terms(title: str = "Terms of sale") -> PolicyVersion:
    """Publish terms that print the live fact."""
    page = Policy.objects.filter(kind=Policy.Kind.TERMS).first()
    if page is None:
        made = factories.policy_page(title, kind=Policy.Kind.TERMS, body=[("live_fact", "withdrawal")])
        return factories.publish(made)
    return factories.publish(page.pages.get())


@pytest.mark.parametrize(
    ("goods", "days", "told"),
    [
        ([(MUG, APPLIES)], 30, ["withdraw from this purchase within 30 days", "The days are counted from"]),
        ([(MUG, APPLIES), (CARD, CUSTOM)], None, []),
        (
            [(MUG, APPLIES), (CARD, CUSTOM), (SOAP, SEALED), (BREAD, PERISHABLE)],
            20,
            [
                f"from these purchases within 20 days, without giving a reason: {MUG}; {SOAP}.",
                f"made to measure: {CARD}.",
                f"spoils quickly: {BREAD}.",
                f"Once you have broken its seal, which is there for hygiene, you can no longer withdraw from: {SOAP}.",
                "The days are counted from",
            ],
        ),
        (
            [(CARD, CUSTOM), (BREAD, PERISHABLE)],
            30,
            [f"made to measure: {CARD}.", f"spoils quickly: {BREAD}."],
        ),
        ([(MUG, APPLIES), (CARD, CUSTOM)], 0, ["The law of Switzerland gives no right to withdraw"]),
        ([], 14, []),
    ],
)
def test_it_is_told_of_what_it_applies_to_and_why_not_of_the_rest(
    goods: list[tuple[str, str]], days: int | None, told: list[str]
) -> None:
    said = withdrawal.words(goods, country="CH", days=days)
    assert len(said) == len(told)
    assert [one for one, expected in zip(said, told, strict=True) if expected not in one] == []


def test_it_says_to_whom_to_write() -> None:
    assert "write to us in time" in withdrawal.words([(MUG, APPLIES)], country="DE", days=30)[-1]
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    brand.email = "shop@example.com"
    brand.save()
    assert (
        "write to shop@example.com in time" in withdrawal.words([(MUG, APPLIES)], country="DE", days=30)[-1]
    )


@pytest.mark.both_databases
def test_review_page_terms_order_and_mail_agree_and_stay_when_the_setting_changes(
    shopper: Client, basket: Basket
) -> None:
    state_days(30)
    terms = publish_terms()
    assert "You may withdraw from the contract within 30 days" in terms.html
    assert "within 30 days" in text_of(shopper.get("/checkout/"))
    state_days(45)
    assert "within 30 days" in text_of(shopper.get("/checkout/")), "as in the terms that will be accepted"
    order = factories.placed_order(basket, terms=terms)
    for told in (text_of(shopper.get(order.get_absolute_url())), emails.order_paid(order).message):
        assert "withdraw from this purchase within 30 days" in told
    later = publish_terms()
    assert factories.placed_order(factories.basket(MUG=1), terms=later).withdrawal_days == 45
    order.refresh_from_db()
    assert order.withdrawal_days == 30


def test_terms_without_the_fact_leave_it_to_the_setting_of_the_day(
    basket: Basket, terms: PolicyVersion
) -> None:
    state_days(21)
    order = factories.placed_order(basket, terms=terms)
    state_days(40)
    assert order.withdrawal_days == 21


@pytest.mark.both_databases
def test_an_order_copies_to_what_it_applies(shopper: Client, basket: Basket) -> None:
    page = ProductPage.objects.get()
    page.withdrawal = CUSTOM
    page.save_revision().publish()
    assert "made to measure: Enamel mug." in text_of(shopper.get("/checkout/"))
    order = factories.placed_order(basket)
    page.withdrawal = APPLIES
    page.save_revision().publish()
    assert order.lines.get().withdrawal == CUSTOM
    assert "made to measure: Enamel mug." in text_of(shopper.get(order.get_absolute_url()))
    Order.objects.update(status=Order.Status.CANCELLED)
    assert "made to measure" not in text_of(shopper.get(order.get_absolute_url()))


@pytest.mark.parametrize(
    ("code", "stated", "days"),
    [
        *[("GB", "", 30), ("DE", "", 30), ("NO", "", 30), ("BR", "", None), ("US", "", None)],
        *[("CH", "yes", 30), ("DE", "no", 0)],
    ],
)
def test_a_country_has_it_by_its_law_or_as_staff_state(code: str, stated: str, days: int | None) -> None:
    state_days(30)
    assert withdrawal.days_for(DeliveryCountry(code=code, name=code, withdrawal=stated), None) == days


def test_who_states_no_days_gives_those_of_the_law() -> None:
    assert withdrawal.days_for(DeliveryCountry(code="DE", name="Germany"), None) == 14


@pytest.mark.parametrize(
    ("stated", "told"),
    [("no", "The law of Brazil gives no right to withdraw from this purchase."), ("", "")],
)
def test_of_a_law_only_what_staff_stated_is_said(
    stated: str, told: str, shopper: Client, basket: Basket
) -> None:
    state_days(30)
    terms = publish_terms()
    assert "within 30 days, without giving a reason, if the law of the country" in terms.html
    option = factories.shipping(country="BR")
    DeliveryCountry.objects.filter(code="BR").update(withdrawal=stated)
    option.refresh_from_db()
    order = factories.placed_order(basket, option=option, terms=terms)
    for page in (
        text_of(shopper.get("/checkout/", {"country": "BR", "shipping": str(option.pk)})),
        text_of(shopper.get(order.get_absolute_url())),
        " ".join(emails.order_paid(order).message.split()),
    ):
        assert told in page
        assert ("withdraw from this purchase" in page) is bool(told)


def test_of_an_order_from_before_nothing_is_said(shopper: Client, basket: Basket) -> None:
    order = factories.placed_order(basket)
    Order.objects.update(withdrawal_days=None)
    assert "withdraw from this purchase" not in text_of(shopper.get(order.get_absolute_url()))
    Order.objects.update(withdrawal_days=14)
    assert "withdraw from this purchase" in text_of(shopper.get(order.get_absolute_url()))


@pytest.mark.parametrize("days", [0, -1, 13, 1001])
def test_fewer_days_than_the_law_gives_are_refused(days: int) -> None:
    with pytest.raises(ValidationError):
        state_days(days)


def test_a_review_page_of_before_a_change_does_not_order(shopper: Client, basket: Basket) -> None:
    values = shown(basket)
    ProductPage.objects.update(withdrawal=CUSTOM)
    response = press_pay(shopper, basket, **values)
    assert response.status_code == 422
    assert not Order.objects.exists()


# --- The live fact -------------------------------------------------------------------------------------------
def test_days_that_are_not_stated_are_a_gap_in_the_terms() -> None:
    assert registry.gaps({"withdrawal": registry.state("withdrawal")}) == [
        "Not yet stated: within how many days shoppers may withdraw. Enter the days under Settings → Shop."
    ]
    state_days(30)
    assert registry.gaps({"withdrawal": registry.state("withdrawal")}) == []


@pytest.mark.parametrize(
    ("sentence", "is_found"),
    [
        ("You may withdraw within 30 days.", True),
        ("Within 30 days of receipt you can withdraw.", True),
        ("You have the right to withdraw for 30 days.", True),
        ("If you withdraw, we refund you within 30 days.", False),
        ("We deliver within 30 days. You may withdraw.", False),
        ("You may withdraw within 14 days.", False),
    ],
)
def test_days_typed_by_hand_are_found_where_they_grant_the_right(sentence: str, is_found: bool) -> None:
    state_days(30)
    now = registry.stated_now()
    assert bool(typed.find(f"<p>{sentence}</p>", now, now=now)) is is_found
