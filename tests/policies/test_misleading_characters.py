"""Characters that hide letters, or show them in another order than written: no draft and no fact has them."""

import time
from pathlib import Path

import pytest
from cookie_consent.models import Cookie, CookieGroup
from django.db import transaction
from django.test import Client
from wagtail.test.utils.form_data import rich_text, streamfield

from home.models import BrandSettings
from policies.facts import changes, registry, typed
from policies.facts.registry import KnownValue
from policies.importing.files import import_files
from policies.models import PolicyPage, PolicyVersion, Recipient, StatedValue
from policies.versions.publishing import RefusedContentError
from tests.factories import declare_cookies, policy_form, policy_page, publish
from tests.policies.admin_screens import CATEGORY, cookie_fields, save_brand
from tests.policies.stated_facts import CARRIER

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

REVERSED, HIDDEN, UNSEEN = "after \u202e03\u202c days", "a\U000e0041\U000e0042b", "\u200b\u2060"
ANY = pytest.mark.parametrize("words", [REVERSED, "\u202bold", HIDDEN, "x\x0by", UNSEEN], ids=ascii)


@pytest.mark.parametrize("action", ["action-publish", "action-submit"])
@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"body": streamfield([("paragraph", rich_text(f"<p>We delete it {REVERSED}.</p>"))])}, "Text"),
        ({"title": f"Rules {HIDDEN}"}, "Title"),
        ({"title": UNSEEN}, "Title"),
        ({"change_summary": f"Delete {REVERSED}"}, "Summary of the change"),
        ({"change_kind": "editorial", "editorial_reason": f"The {HIDDEN}"}, "Reason"),
    ],
)
def test_a_draft_that_reads_as_another_is_not_published_nor_submitted(
    admin_client: Client, action: str, said: dict[str, str], where: str
) -> None:
    page = policy_page()
    publish(page)
    sent = policy_form(**{**said, action: "1"})
    answer = admin_client.post(f"/admin/pages/{page.pk}/edit/", sent)
    words = answer.content.decode()
    assert (
        f"{where}: it holds the control character U+" in words
        or f"{where}: nothing of it can be seen." in words
    )
    assert PolicyVersion.objects.count() == 1
    assert PolicyPage.objects.get().current_workflow_state is None


@pytest.mark.both_databases
def test_a_fact_that_reads_as_another_is_not_published() -> None:
    page = policy_page(body=[("live_fact", "recipients")])
    Recipient.objects.create(**{**CARRIER, "name": "Evil \u202eoC"})
    refusal = r"Who receives data: it holds the control character U\+202E"
    with pytest.raises(RefusedContentError, match=refusal), transaction.atomic():
        publish(page)
    assert not PolicyVersion.objects.exists()


@ANY
def test_no_form_of_what_versions_freeze_takes_them(admin_client: Client, words: str) -> None:
    add, group = "/admin/{}/new/".format, declare_cookies("analytics", "visits")
    known = Cookie.objects.get()
    for name in Recipient.FIELDS:
        assert admin_client.post(add("recipients"), {**CARRIER, name: words}).status_code == 200
    for name in ("name", "description"):
        assert admin_client.post(add("cookie-categories"), {**CATEGORY, name: words}).status_code == 200
    local = cookie_fields(group, storage="local", duration="as long as you like")
    for name in ("name", "description", "provider", "duration"):
        assert admin_client.post(add("declared-cookies"), {**local, name: words}).status_code == 200
    for name in ("legal_name", "street"):
        save_brand(admin_client, **{name: words})
    assert not Recipient.objects.exists()
    assert CookieGroup.objects.get() == group
    assert Cookie.objects.get() == known
    brand = BrandSettings.current()
    assert (brand.legal_name, brand.street) == ("", "")


def test_right_to_left_text_is_taken(admin_client: Client) -> None:
    words = "\u05e9\u05dc\u05d5\u05dd \u2067\u0645\u0631\u062d\u0628\u0627\u2069 \u200fabc\u200e"
    assert admin_client.post("/admin/recipients/new/", {**CARRIER, "name": words}).status_code == 302


@pytest.mark.parametrize("title", [UNSEEN, "&#x202e;seluR"])
def test_a_file_whose_title_cannot_be_read_is_not_imported(tmp_path: Path, title: str) -> None:
    file = tmp_path / "2020-01-02.md"
    file.write_text(f"# {title}\n\nBe kind.\n", encoding="utf-8")
    [outcome] = import_files([file], slug="house-rules")
    assert outcome.result == "refused"
    assert not PolicyVersion.objects.exists()


def test_facts_of_before_are_told_without_control_characters() -> None:
    assert changes.describe([], [{"name": "ctl\x0bname"}]) == ["ctl name added"]


@pytest.mark.parametrize("name", ["*a*a*b", "*aaa*aaa*aab"])
def test_a_name_with_stars_is_looked_for_in_time(name: str) -> None:
    html, value = f"<p>{'*a' * 4000}</p><p>{'aaa*' * 2000}</p>", KnownValue("cookies", name, name)
    start = time.process_time()
    assert not typed.find(html, [value], now=[value])
    assert time.process_time() - start < 1


def test_a_name_with_stars_is_found() -> None:
    value = KnownValue("cookies", "*shop*cart*", "*shop*cart*")
    assert typed.find("<p>It sets my_shop-1_cart_2.</p>", [value], now=[value])


@pytest.mark.parametrize(
    ("fact", "data"),
    [
        ("cookies", [{"cookies": [{"name": "*e*"}]}]),
        ("cookies", [{"cookies": [{"name": "*ab*c"}]}]),
        ("recipients", [{"name": "the"}]),
        ("recipients", [{"name": "with"}]),
    ],
)
def test_what_any_word_could_be_is_not_looked_for(fact: str, data: list) -> None:
    assert not registry.known_values(fact, data)


@pytest.mark.both_databases
def test_a_name_that_is_longer_than_its_value_can_be_noted() -> None:
    name = "a" + " " * 230 + "b"
    StatedValue.note(registry.known_values("cookies", [{"cookies": [{"name": f"_x{name}"}]}]))
    assert StatedValue.objects.get().value == "_xa b"
    assert len(StatedValue.objects.get().name) == 200
