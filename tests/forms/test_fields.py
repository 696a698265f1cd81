"""The types of fields beside text: stars, the tick about the policy, telephone numbers, and the words of each."""

import pytest
from django.test import Client

from forms.models import FormPage, Submission
from tests.forms.building import add_field, privacy_policy, publish, stamp_of
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def test_stars_are_radio_buttons_with_words_and_stored_as_a_number(
    client: Client, send: Send, contact_page: FormPage
) -> None:
    name = add_field(contact_page, "How was it", "rating", default_value="5")
    html = client.get("/contact/").content.decode()
    assert "1 star" in html
    assert "5 stars" in html
    assert html.count(f'type="radio" name="{name}"') == 5
    assert "checked" not in html.partition(f'name="{name}"')[2].partition("</fieldset>")[0]
    assert send(**{name: "4"}).status_code == 303
    assert Submission.objects.get().rating == 4


def test_a_tick_names_the_version_that_the_page_shows(
    client: Client, send: Send, contact_page: FormPage
) -> None:
    name = add_field(contact_page, "I have read it", "policy", default_value="on", help_text="Please <read>.")
    version = publish(privacy_policy(), "Old words")
    html = client.get("/contact/").content.decode()
    assert f'Please &lt;read&gt;. <a href="{version.get_absolute_url()}">' in html
    assert "checked" not in html.partition(f'name="{name}"')[2].partition(">")[0]
    again = send()
    assert again.context["form"].errors[name] == ["Tick the box to go on."]
    assert f'Please &lt;read&gt;. <a href="{version.get_absolute_url()}">' in again.content.decode()
    assert send(stamp=stamp_of(contact_page, version=version), **{name: "on"}).status_code == 303
    submission = Submission.objects.get()
    assert (submission.form_data[name], submission.policy_version) == (True, version)


@pytest.mark.parametrize("number", ["+44 20 7946 0018", "(020) 7946-0018", "020/79460018"])
def test_telephone_numbers_are_taken_as_people_write_them(
    send: Send, contact_page: FormPage, number: str
) -> None:
    name = add_field(contact_page, "Telephone", "phone")
    assert send(**{name: number}).status_code == 303
    assert Submission.objects.get().form_data[name] == number


@pytest.mark.parametrize(
    ("field_type", "value", "words"),
    [
        ("singleline", "", "Fill in “Extra”."),
        ("email", "", "Write your e-mail address."),
        ("email", "me", "Write an e-mail address, such as name@example.com."),
        ("email", '"a,b"@example.com', "Write an e-mail address, such as name@example.com."),
        ("phone", "", "Write your telephone number."),
        ("number", "many", "Enter a number, such as 12 or 2.50."),
        ("date", "2026-02-30", "Enter a day with its month and year, such as 2026-12-31."),
        ("radio", "", "Choose one of the options."),
        ("checkboxes", "", "Choose at least one of the options."),
        ("rating", "", "Choose how many stars you give."),
        ("file", "", "Choose a file."),
        ("singleline", "x" * 256, "Shorten this: it has 256 characters, and can have 255."),
        ("number", "1" * 21, "Enter a number of at most 20 digits."),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    send: Send, contact_page: FormPage, field_type: str, value: str, words: str
) -> None:
    name = add_field(contact_page, "Extra", field_type, choices="Red\nGreen")
    answers = {name: value} if value else {}
    assert send(**answers).context["form"].errors == {name: [words]}
