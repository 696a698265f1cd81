"""Uploads a CSV file to a screen of staff, and applies what its preview showed."""

from html import unescape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client


def upload(staff: Client, url: str, table: bytes | str) -> str:
    content = table.encode() if isinstance(table, str) else table
    return answer(staff, url, {"file": SimpleUploadedFile("table.csv", content)})


def answer(staff: Client, url: str, values: dict[str, Any]) -> str:
    response = staff.post(url, values, follow=True)
    assert response.status_code == 200
    staff.context = response.context
    return unescape(response.content.decode())


def shown(staff: Client) -> dict[str, Any]:
    """Return what the browser sends to apply the preview."""
    return {"apply": "yes", **staff.context["again"].initial}
