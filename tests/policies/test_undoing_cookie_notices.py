"""What an announced version of the cookie policy undoes: words of the consent bar, and cookies declared since."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from policies.versions import publishing
from tests.factories import cookie_policy, declare_cookies, publish
from tests.policies.announcing import undoing

pytestmark = pytest.mark.django_db


@pytest.fixture
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)


def test_other_words_of_the_consent_bar_are_undone_too(soon: datetime) -> None:
    page = cookie_policy(notice_text="First words.")
    cookie_policy(notice_title="An announced title", effective_from=soon)
    with pytest.raises(publishing.RefusedContentError, match="will undo it"):
        publish(page, notice_title="Cookies here", notice_text="Better words.", undone_by=[])
    publish(page, notice_title="Cookies here", notice_text="Better words.", undone_by=[2])
    assert undoing() == [(2, 3)]


def test_cookies_that_were_declared_since_are_undone_too(soon: datetime) -> None:
    page = cookie_policy()
    cookie_policy(notice_title="An announced title", effective_from=soon)
    declare_cookies("analytics", "_new")
    with pytest.raises(publishing.RefusedContentError, match="will undo it"):
        publish(page, notice_title="Cookies here", undone_by=[])
