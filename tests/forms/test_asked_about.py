"""The report on what messages are about: most first, with the way to the messages and to what they are about."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from wagtail import hooks

from forms.inbox.asked_about import most_asked
from forms.models import Submission
from forms.subjects import SubjectKind
from tests.forms.building import form_page
from tests.queries import warm
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]
URL = "/admin/messages/asked-about/"
THING = SubjectKind(
    kind="thing",
    label="Thing",
    find=lambda key: None,
    url=lambda key: f"/admin/?thing={key}" if key == "1" else None,
    permission="wagtailadmin.access_admin",
)


@pytest.fixture(scope="module")
def _messages_of_module(database_of_module: None) -> None:
    page, now = form_page(), timezone.now()
    for key, name, days, status in (
        ("1", "Mug", 60, "done"),
        ("1", "Cup", 1, "new"),
        ("2", "Pan", 2, "answered"),
        ("2", "Pan", 3, "spam"),
        ("3", "Lid", 100, "done"),
        ("", "", 1, "new"),
    ):
        about = {"subject_kind": "thing" if key else "", "subject_key": key, "subject_name": name}
        one = Submission.objects.create(page=page, form_data={}, status=status, **about)
        Submission.objects.filter(pk=one.pk).update(submit_time=now - timedelta(days=days))


@pytest.mark.usefixtures("_messages_of_module")
def test_most_come_first_by_their_newest_name() -> None:
    def counted(days: int, kind: str = "") -> list[tuple[str, str, int]]:
        rows = most_asked(since=timezone.now() - timedelta(days=days), kind=kind)
        return [(row.about, row.name, row.number) for row in rows]

    assert counted(90) == [("thing:1", "Cup", 2), ("thing:2", "Pan", 1)]
    assert [row[2] for row in counted(30)] == [1, 1]
    assert len(counted(365)) == len(counted(365, "thing")) == 3
    assert counted(365, "order") == []


@pytest.mark.usefixtures("_messages_of_module")
def test_it_leads_to_the_messages_and_to_the_thing(owner: Client) -> None:
    with hooks.register_temporarily("register_message_subjects", lambda: [THING]):
        few, many = warm(owner, f"{URL}?period=30"), warm(owner, f"{URL}?period=365&kind=x")
        shown = owner.get(URL).content.decode()
        assert few == many
        assert "?about=thing%3A1" in shown
        assert f"{URL}open/?about=thing%3A1" in shown
        assert owner.get(f"{URL}open/?about=thing:1")["Location"] == "/admin/?thing=1"
        for gone in ("thing:2", "thing:9", "nothing:1", "", "thing"):
            assert owner.get(f"{URL}open/?about={gone}")["Location"] == URL
    assert f"{URL}open/" not in owner.get(URL).content.decode()  # its app is gone


def test_without_such_messages_it_says_how_they_come(client: Client) -> None:
    shown = signed_in("view_submission", client=client).get(URL).content.decode()
    assert "Who follows the link on a product page" in shown
