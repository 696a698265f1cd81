"""Consent in the admin: records are found, filtered and exported, never changed; cookies are declared."""

import csv
import io
from datetime import timedelta

import pytest
from cookie_consent.models import Cookie, CookieGroup
from django.db.models import QuerySet
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from home.models import User
from policies.consent import choices, notices
from policies.models import ConsentRecord
from tests.factories import cookie_policy, declare_cookies
from tests.policies.admin_screens import CATEGORY, cookie_fields

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def choose(method: str = "all", days_ago: int = 0) -> ConsentRecord:
    """Save a choice as a visitor would."""
    notice = notices.current(timezone.now())
    assert notice is not None
    return choices.save_choice(notice=notice, method=method, now=timezone.now() - timedelta(days=days_ago))


# --- Records -----------------------------------------------------------------------------------------------
@pytest.fixture
def records() -> tuple[ConsentRecord, ConsentRecord]:
    """Have one visitor accept a month ago and one refuse today."""
    declare_cookies()
    cookie_policy()
    return choose("all", days_ago=30), choose("none")


def listed(client: Client, **query: str) -> set[str]:
    """Return the ids that the list shows."""
    html = client.get(reverse("consents:index"), query).content.decode()
    return {str(record.public_id) for record in ConsentRecord.objects.all() if str(record.public_id) in html}


def test_all_are_listed(owner: Client, records: tuple[ConsentRecord, ConsentRecord]) -> None:
    assert listed(owner) == {str(record.public_id) for record in records}


@pytest.mark.both_databases
def test_one_is_found_by_the_id_that_a_visitor_quotes(
    owner: Client, records: tuple[ConsentRecord, ConsentRecord]
) -> None:
    old, new = records
    assert listed(owner, q=str(old.public_id)) == {str(old.public_id)}
    assert listed(owner, q=new.public_id.hex) == {str(new.public_id)}
    assert listed(owner, q=f" {str(new.public_id)[:8]} ") == {str(new.public_id)}
    assert listed(owner, q="no such id") == set()


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_they_are_filtered_by_day_and_by_kind(
    owner: Client, records: tuple[ConsentRecord, ConsentRecord]
) -> None:
    old, new = records
    assert listed(owner, method="none") == {str(new.public_id)}
    day = (timezone.localdate() - timedelta(days=3)).isoformat()
    assert listed(owner, created_at_to=day) == {str(old.public_id)}


def test_one_can_be_read_in_full(owner: Client, records: tuple[ConsentRecord, ConsentRecord]) -> None:
    html = owner.get(reverse("consents:inspect", args=[records[0].pk])).content.decode()
    assert str(records[0].public_id) in html
    assert "analytics: yes" in html


def test_the_signal_is_shown_and_exported(
    owner: Client, records: tuple[ConsentRecord, ConsentRecord]
) -> None:
    old, new = records
    QuerySet(ConsentRecord).filter(pk=old.pk).update(gpc=None)
    notice = notices.current(timezone.now())
    assert notice is not None
    seen = choices.save_choice(notice=notice, method="all", gpc=True, now=timezone.now())
    expected = {old: "not recorded", new: "no", seen: "yes"}
    response = owner.get(reverse("consents:index"), {"export": "csv"})
    rows = {row["Record id"]: row for row in csv.DictReader(io.StringIO(b"".join(response).decode()))}
    for record, words in expected.items():
        assert rows[str(record.public_id)]["Signal not to be tracked"] == words
        assert words in owner.get(reverse("consents:inspect", args=[record.pk])).content.decode()
    assert "not recorded" in owner.get(reverse("consents:index")).content.decode()


@pytest.mark.both_databases
def test_the_export_holds_them_and_no_formula(
    owner: Client, records: tuple[ConsentRecord, ConsentRecord]
) -> None:
    cookie_policy(title='=HYPERLINK("https://elsewhere.example")')
    notice = notices.current(timezone.now())
    assert notice is not None
    choices.save_choice(notice=notice, method="all", now=timezone.now())
    response = owner.get(reverse("consents:index"), {"export": "csv"})
    text = b"".join(response.streaming_content).decode()
    assert str(records[0].public_id) in text
    assert "analytics: no" in text
    assert "\"'=HYPERLINK" in text
    assert owner.get(reverse("consents:index"), {"export": "xlsx"}).status_code == 200


def test_nobody_can_change_one(owner: Client, records: tuple[ConsentRecord, ConsentRecord]) -> None:
    for name in ("add", "edit", "delete", "copy"):
        with pytest.raises(NoReverseMatch):
            reverse(f"consents:{name}", args=[] if name == "add" else [records[0].pk])


def test_staff_without_the_right_see_none(
    client: Client, records: tuple[ConsentRecord, ConsentRecord]
) -> None:
    user = User.objects.create_user("staff@example.com", "only for this test")
    client.force_login(user)
    assert client.get(reverse("consents:index")).status_code == 302


# --- Declaring cookies ---------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_category_is_declared(owner: Client) -> None:
    response = owner.post(reverse("cookie-categories:add"), CATEGORY)
    assert response.status_code == 302
    group = CookieGroup.objects.get()
    assert (group.varname, group.is_required, group.is_deletable) == ("analytics", False, True)


@pytest.mark.both_databases
@pytest.mark.also_without_shop
@pytest.mark.parametrize("varname", ["Web", "web-analytics", "web_analytics", "ä", "a" * 17, "a\n", ""])
def test_a_short_name_that_does_not_fit_is_refused(owner: Client, varname: str) -> None:
    response = owner.post(reverse("cookie-categories:add"), {**CATEGORY, "varname": varname})
    assert response.status_code == (302 if varname == "a\n" else 200)
    assert set(CookieGroup.objects.values_list("varname", flat=True)) <= {"a"}


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_short_name_stays_as_it_is(owner: Client) -> None:
    group = declare_cookies("analytics")
    url = reverse("cookie-categories:edit", args=[group.pk])
    owner.post(url, {**CATEGORY, "name": "Statistics", "varname": "other"})
    group.refresh_from_db()
    assert (group.name, group.varname) == ("Statistics", "analytics")


def test_there_are_never_more_categories_than_the_cookie_can_hold(owner: Client) -> None:
    for number in range(choices.MAX_CATEGORIES):
        declare_cookies(f"c{number}")
    assert owner.post(reverse("cookie-categories:add"), CATEGORY).status_code == 200
    assert owner.post(reverse("cookie-categories:add"), {**CATEGORY, "is_required": "on"}).status_code == 302


@pytest.mark.both_databases
def test_a_cookie_is_declared_with_its_details(owner: Client) -> None:
    group = declare_cookies("analytics")
    response = owner.post(reverse("declared-cookies:add"), cookie_fields(group, storage="local"))
    assert response.status_code == 302
    cookie = Cookie.objects.get(name="_ga_*")
    assert (cookie.details.provider, cookie.details.storage) == ("This site", "local")


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_its_details_are_changed_in_the_same_form(owner: Client) -> None:
    group = declare_cookies("analytics", "visits")
    cookie = Cookie.objects.get()
    url = reverse("declared-cookies:edit", args=[cookie.pk])
    assert 'value="6 months"' in owner.get(url).content.decode()
    fields = cookie_fields(group, name="visits", duration="1 year", policy_url="example.com/privacy")
    assert owner.post(url, fields).status_code == 302
    cookie = Cookie.objects.get()
    assert (cookie.details.duration, cookie.details.policy_url) == ("1 year", "https://example.com/privacy")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "fields",
    [
        {"name": "*"},
        {"name": "visits"},
        {"name": "a=b;c"},
        {"name": "é☃"},
        {"name": "a**b"},
        {"duration": "banana"},
        {"duration": "6"},
        {"name": "a*b*c*d*e"},
        {"provider": ""},
        {"party": "second"},
        {"policy_url": "javascript:x"},
    ],
)
def test_a_cookie_that_says_too_little_is_refused(owner: Client, fields: dict[str, str]) -> None:
    group = declare_cookies("analytics", "visits")
    assert owner.post(reverse("declared-cookies:add"), cookie_fields(group, **fields)).status_code == 200
    assert Cookie.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("screen", ["cookie-categories", "declared-cookies"])
def test_what_is_declared_can_be_listed_and_deleted(owner: Client, screen: str) -> None:
    group = declare_cookies("analytics", "visits")
    row = group if screen == "cookie-categories" else Cookie.objects.get()
    assert "nalytics" in owner.get(reverse(f"{screen}:index")).content.decode()
    url = reverse(f"{screen}:delete", args=[row.pk])
    assert owner.get(url).status_code == 200
    assert owner.post(url).status_code == 302
    assert not Cookie.objects.exists()


@pytest.mark.both_databases
@pytest.mark.also_without_shop
@pytest.mark.parametrize(
    ("screen", "name"), [("cookie-categories", "Cookie categories"), ("declared-cookies", "Cookies")]
)
def test_every_screen_calls_things_by_our_names(owner: Client, screen: str, name: str) -> None:
    group = declare_cookies("analytics", "visits")
    row = group if screen == "cookie-categories" else Cookie.objects.get()
    screens = [reverse(f"{screen}:index"), reverse(f"{screen}:add")]
    screens += [reverse(f"{screen}:{view}", args=[row.pk]) for view in ("edit", "delete", "history")]
    for url in screens:
        html = owner.get(url).content.decode()
        assert name in html or "/delete/" in url, url
        found = html.lower().find("cookie group")
        assert found == -1, (url, html[max(0, found - 200) : found + 100])
    gone = owner.post(reverse(f"{screen}:delete", args=[row.pk]), follow=True).content.decode()
    assert "was deleted." in gone


def test_what_is_declared_is_shown_only_once_it_is_published(owner: Client) -> None:
    declare_cookies("analytics")
    cookie_policy()
    group = CookieGroup.objects.get()
    owner.post(reverse("declared-cookies:add"), cookie_fields(group, name="late"))
    client = Client()
    assert "late" not in client.get("/cookies/").content.decode().split("</main>")[0]
    cookie_policy()
    assert "<code>late</code>" in client.get("/cookies/").content.decode()
