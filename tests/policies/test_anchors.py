"""Anchors of a policy's headings beside those of the page around them."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import cookie_policy, declare_cookies, policy_page, publish

pytestmark = pytest.mark.django_db


def test_no_heading_has_the_anchor_of_a_part_of_the_page(client: Client) -> None:
    declare_cookies()
    cookie_policy()
    words = ("Main", "What changed", "Consent bar", "Consent bar title", "Footer menu title", "Coming 3")
    page_ = policy_page(body="".join(f"<h2>{word}</h2>" for word in words))
    publish(page_)
    publish(page_, body="".join(f"<h2>{word}</h2>" for word in (*words, "More")))
    ids = re.findall(r'\sid="([^"]+)"', client.get("/house-rules/").content.decode())
    assert {"what-changed", "_what-changed"} <= set(ids)
    publish(page_, effective_from=timezone.now() + timedelta(days=1), body="<p>Later.</p>")
    ids = re.findall(r'\sid="([^"]+)"', client.get("/house-rules/").content.decode())

    assert {"main", "_main", "_coming-3"} <= set(ids)
    assert [name for name, times in Counter(ids).items() if times > 1] == []
