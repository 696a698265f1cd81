"""Reads the site map as crawlers do: the index, then each part that it names."""

import re
from urllib.parse import urlsplit

from django.test import Client


def parts(client: Client) -> list[str]:
    """Return the path of each part."""
    index = client.get("/sitemap.xml").content.decode()
    return [urlsplit(place).path for place in re.findall(r"<loc>(.*?)</loc>", index)]


def read(client: Client) -> str:
    """Return all parts as one text."""
    answers = [client.get(path) for path in parts(client)]
    assert all(answer.status_code == 200 for answer in answers)
    return "".join(answer.content.decode() for answer in answers)
