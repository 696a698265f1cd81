"""Numbers in URLs that no database can hold: nothing is found, and nothing breaks."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]
FAR = "9" * 20


@pytest.mark.parametrize(
    "path",
    [
        *(f"/admin/policies/{FAR}/{what}/" for what in ("begin", "review", "publication-preview", "export")),
        f"/admin/policies/inspect/{FAR}/",
        f"/admin/policy-versions/inspect/{FAR}/",
        f"/admin/consents/inspect/{FAR}/",
    ],
)
def test_a_page_of_such_a_number_is_not_found(admin_client: Client, path: str) -> None:
    assert admin_client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/admin/policies/{FAR}/begin/",
        f"/admin/policies/{FAR}/review/",
        f"/admin/policies/{FAR}/draft/",
        *(f"/admin/policy-versions/{FAR}/{what}/" for what in ("withdraw", "put-back", "rebase")),
    ],
)
def test_nothing_is_done_to_a_page_of_such_a_number(admin_client: Client, path: str) -> None:
    assert admin_client.post(path, {"reason": "x", "decision": "approve"}).status_code == 404
