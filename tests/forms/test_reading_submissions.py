"""Staff and submissions: who may read them, what the list shows, and an export that runs nowhere as a formula."""

import csv
import io

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from forms.models import FormPage, Submission
from home.models import User
from policies.ledger import sealing
from tests.forms.building import privacy_policy, publish, stamp_of
from tests.forms.conftest import Send

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.also_without_shop,
    pytest.mark.every_case,
]


def signed_in(client: Client, *groups: str, **fields: bool) -> Client:
    """Sign in as somebody of these groups."""
    user = User.objects.create_user("staff@example.com", "a-long-password", **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return client


def list_url(page: FormPage) -> str:
    """Return the address of the page's submissions."""
    return f"/admin/forms/submissions/{page.pk}/"


def test_an_editor_of_the_form_page_cannot_read_its_submissions(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    send()
    signed_in(client, "Editors")
    assert client.get(f"/admin/pages/{contact_page.pk}/edit/").status_code == 200
    response = client.get(list_url(contact_page), follow=True)
    assert "Do you sell kettles?" not in response.content.decode()
    assert client.get("/admin/forms/").status_code == 302
    delete = f"{list_url(contact_page)}delete/?selected-submissions={Submission.objects.get().pk}"
    assert client.post(delete).status_code == 302
    assert Submission.objects.count() == 1


def test_customer_service_reads_them_without_editing_pages(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    send()
    signed_in(client, "Customer service")
    assert "Contact" in client.get("/admin/forms/").content.decode()
    assert client.get("/admin/forms/results/").status_code == 200
    assert "Do you sell kettles?" in client.get(list_url(contact_page)).content.decode()
    assert client.get(f"/admin/pages/{contact_page.pk}/edit/").status_code == 302


def test_the_right_can_be_given_to_a_group(client: Client) -> None:
    signed_in(client, is_superuser=True)
    permission = Permission.objects.get(codename="view_submission", content_type__app_label="forms")
    assert f'value="{permission.pk}"' in client.get("/admin/groups/new/").content.decode()


def test_the_list_names_the_policy_and_what_is_suspicious(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    version = publish(privacy_policy(), "Now.", days_ago=1)
    send(stamp=stamp_of(contact_page, version=version))
    signed_in(client, is_superuser=True)
    html = client.get(list_url(contact_page)).content.decode()
    assert "Privacy policy, version 1" in html
    assert "Suspicious" in html


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_the_export_holds_no_formula(send: Send, client: Client, contact_page: FormPage, start: str) -> None:
    Submission.objects.create(
        page=contact_page, form_data={"your_name": f"{start}1+1", "message": [f"{start}A1"]}
    )
    signed_in(client, is_superuser=True)
    response = client.get(f"{list_url(contact_page)}?export=csv")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert rows[0]["Your name"] == f"'{start}1+1"
    assert rows[0]["Message"] == f"'{start}A1"


def test_harmless_cells_are_exported_as_they_are(send: Send, client: Client, contact_page: FormPage) -> None:
    send()
    signed_in(client, is_superuser=True)
    response = client.get(f"{list_url(contact_page)}?export=csv")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert rows[0]["E-mail"] == "visitor@example.com"


def test_labels_are_no_formulas_either(send: Send, client: Client, contact_page: FormPage) -> None:
    contact_page.form_fields.filter(clean_name="message").update(label="=1+1")
    signed_in(client, is_superuser=True)
    response = client.get(f"{list_url(contact_page)}?export=csv")
    assert response.getvalue().decode().splitlines()[0].split(",")[3] == "'=1+1"


def test_control_characters_do_not_break_the_workbook(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    assert send(message="a\x0bb\x01c =1+1").status_code == 303
    signed_in(client, is_superuser=True)
    response = client.get(f"{list_url(contact_page)}?export=xlsx")
    sheet = load_workbook(io.BytesIO(response.getvalue())).active
    assert sheet.cell(2, 4).value == "abc =1+1"


def test_staff_who_read_messages_get_the_proof_of_one(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    send()
    message = Submission.objects.get()
    url = f"{list_url(contact_page)}{message.pk}/proof/"
    assert client.get(url).status_code == 302
    signed_in(client, "Customer service")
    assert f'href="{url}"' in client.get(list_url(contact_page)).content.decode()
    assert client.get(url).status_code == 409
    sealing.seal(now=timezone.now())
    answer = client.get(url)
    assert answer.json()["entry"]["content"]["message"] == str(message.token)
    assert "kettles" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert (
        "Proof" not in b"".join(client.get(f"{list_url(contact_page)}?export=csv").streaming_content).decode()
    )
    for elsewhere in (url.replace(f"/{message.pk}/", "/999/"), url.replace(f"/{contact_page.pk}/", "/999/")):
        assert client.get(elsewhere).status_code == 404


def test_who_may_not_read_messages_gets_no_proof(send: Send, client: Client, contact_page: FormPage) -> None:
    send()
    sealing.seal(now=timezone.now())
    signed_in(client, "Editors")
    url = f"{list_url(contact_page)}{Submission.objects.get().pk}/proof/"
    assert client.get(url).status_code == 404
