"""The review page: everything that is agreed stands on it, in words and figures, before the button is pressed."""

import re

import pytest
from django.test import Client

from policies.models import Policy, PolicyVersion
from store.basket import contents
from store.checkout import place_order
from store.models import Basket
from tests import factories
from tests.store.paying import press_pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def privacy() -> PolicyVersion:
    of = factories.policy("privacy-policy", kind=Policy.Kind.PRIVACY)
    return factories.version(of, title="Privacy policy")


def review(shopper: Client, **chosen: str) -> str:
    response = shopper.get("/checkout/", chosen)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_goods_shipping_and_the_final_total_are_shown(shopper: Client) -> None:
    page = review(shopper)
    for words in ("2 × Enamel mug", "£25.00", "£3.95", "Total, tax included", "2 to 4 working days"):
        assert words in page
    assert "Order and pay £28.95</button>" in page
    assert "obligation to pay" in page


def test_another_country_shows_another_total_and_the_order_goes_there(
    shopper: Client, basket: Basket
) -> None:
    there = factories.shipping("Courier", country="IE", price=950)
    page = review(shopper, country="IE", shipping=str(there.pk))
    assert "Order and pay £34.50</button>" in page
    assert 'Courier</span> <strong class="variant__price">£9.50</strong>' in page
    assert f'name="shown" value="{place_order.Quote(contents.look_up(basket), there).digest}"' in page


def test_country_and_shipping_fields_are_inside_the_form_that_orders(shopper: Client) -> None:
    page = review(shopper)
    form = page[page.index('<form class="checkout"') :]
    form = form[: form.index("</form>")]
    assert "<form" not in form[1:]
    for name in ("country", "shipping", "shown", "email"):
        assert f'name="{name}"' in form


def test_the_total_of_another_country_is_shown_and_what_was_typed_stays(
    shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    there = factories.shipping("Courier", country="IE", price=950)
    response = press_pay(shopper, basket, country="IE", email="a@example.com", update_total="yes")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Order and pay £34.50</button>" in page
    assert f'name="shown" value="{place_order.Quote(contents.look_up(basket), there).digest}"' in page
    assert 'value="a@example.com"' in page
    assert re.search(r'<input[^>]*name="terms"[^>]*checked', page)
    assert "error-summary" not in page
    assert not basket.orders.exists()


def test_terms_that_changed_are_not_accepted_by_looking_at_another_total(
    shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    factories.version(terms.policy, html="<p>Be kinder.</p>", title="Terms of sale")
    page = press_pay(shopper, basket, terms_version="1", update_total="yes").content.decode()
    assert not re.search(r'<input[^>]*name="terms"[^>]*checked', page)


def test_the_review_page_links_exact_versions_of_terms_and_privacy_policy(
    shopper: Client, terms: PolicyVersion, privacy: PolicyVersion
) -> None:
    page = review(shopper)
    assert f'href="{terms.get_absolute_url()}"' in page
    assert f'href="{privacy.get_absolute_url()}"' in page
    assert "Terms of sale, version 1" in page
    assert "Privacy policy, version 1" in page
    assert not re.search(r'<input[^>]*name="terms"[^>]*checked', page)


def test_the_keyboard_reaches_the_checkbox_before_the_link_in_its_explanation(
    shopper: Client, terms: PolicyVersion
) -> None:
    field = review(shopper).partition('class="field field--checkbox')[2].partition("</form>")[0]
    assert 0 < field.index('type="checkbox"') < field.index("<a ")


def test_without_terms_nothing_has_to_be_accepted(shopper: Client) -> None:
    assert 'name="terms"' not in review(shopper)


def test_errors_stand_at_their_fields_and_in_a_summary(
    shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    response = press_pay(shopper, basket, email="nobody", terms="")
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is a problem" in page
    assert 'href="#id_email"' in page
    assert 'href="#id_terms"' in page
    assert page.count("Accept the terms of sale to order.") == 2
    assert "<title>Error: Review and order" in page
    assert page.index("error-summary") < page.index("<h1>")


def test_what_is_missing_is_said_without_the_label_of_its_field(
    shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    page = press_pay(shopper, basket, email="", terms="").content.decode()
    for name, words in (
        ("email", "Enter your e-mail address."),
        ("terms", "Accept the terms of sale to order."),
    ):
        assert f'<a href="#id_{name}">{words}</a>' in page
        assert page.rindex(words) < page.index(f'name="{name}"'), "at the field, and above it"


def test_what_may_be_left_out_is_marked_and_what_may_not_is_plain(shopper: Client) -> None:
    page = review(shopper)
    assert "(required)" not in page
    assert re.search(r'Gift message <span class="field__mark">\(optional\)', page)


def test_terms_that_changed_have_to_be_accepted_anew(
    shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    factories.version(terms.policy, html="<p>Be kinder.</p>", title="Terms of sale")
    page = press_pay(shopper, basket, terms_version="1").content.decode()
    assert "The order or the terms have changed." in page
    assert 'name="terms_version" value="2"' in page
    assert "Terms of sale, version 2" in page
    assert not re.search(r'<input[^>]*name="terms"[^>]*checked', page)


@pytest.mark.parametrize("field", ["email", "shown", "terms_version", "privacy_version", "terms"])
@pytest.mark.parametrize("value", ["\x00", "9" * 5000, "<script>", "-1"])
def test_nonsense_in_any_field_is_an_error_and_never_a_crash(
    shopper: Client, basket: Basket, terms: PolicyVersion, field: str, value: str
) -> None:
    response = press_pay(shopper, basket, **{"email": "", field: value})
    assert response.status_code == 422
    assert "<script>" not in response.content.decode()
    assert not basket.orders.exists()
