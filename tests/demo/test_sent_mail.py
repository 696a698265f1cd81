"""The e-mails of the demo: those that were sent, as they look."""

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django import Settings

from home.mail_files import EmailBackend

pytestmark = pytest.mark.django_db


@pytest.fixture
def _sent(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    mail = EmailMultiAlternatives("Your order <1>", "In text.\n", "shop@example.com", ["buyer@example.com"])
    mail.attach_alternative('<p style="color:red">In HTML.</p><script>alert(1)</script>', "text/html")
    mail.attach("terms.txt", "Terms", "text/plain")
    EmailBackend().send_messages([mail, mail])


@pytest.mark.usefixtures("_sent")
def test_every_mail_that_was_sent_is_listed(client: Client) -> None:
    page = client.get("/demo/mail/").content.decode()
    assert page.count("Your order &lt;1&gt;") == 2
    assert "buyer@example.com" in page


@pytest.mark.usefixtures("_sent")
def test_a_mail_is_shown_as_text_and_in_a_frame_where_nothing_runs(client: Client, tmp_path: Path) -> None:
    file, _second = tmp_path.iterdir()
    page = client.get(f"/demo/mail/{file.stem}/").content.decode()
    assert "In text." in page
    assert "terms.txt" in page
    assert "alert(1)" not in page
    frame = client.get(f"/demo/mail/{file.stem}/html/")
    assert "In HTML." in frame.content.decode()
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert "sandbox allow-popups" in frame["Content-Security-Policy"]


def test_what_a_visitor_writes_is_not_taken_for_an_e_mail(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    text = f"Hello\n{'-' * 79}\nDate: nonsense\nContent-Type: text/plain; charset=nonsense\nSubject: Spoofed\n\nHello"
    EmailBackend().send_messages([EmailMultiAlternatives("Question", text, to=["shop@example.com"])])
    page = client.get("/demo/mail/").content.decode()
    assert page.count("to shop@example.com") == 1
    (file,) = tmp_path.iterdir()
    assert "Subject: Spoofed" in client.get(f"/demo/mail/{file.stem}/").content.decode()


def test_where_nothing_was_sent_the_page_says_how(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path / "nowhere")
    assert "None yet." in client.get("/demo/mail/").content.decode()
    assert client.get("/demo/mail/1/").status_code == 404
