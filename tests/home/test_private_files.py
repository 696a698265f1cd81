"""Private files: kept apart from media, and no address leads to them."""

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client


def test_private_files_do_not_lie_below_the_media_folder() -> None:
    private = storages["private"].path("export.zip")
    assert not private.startswith(str(settings.MEDIA_ROOT))


def test_a_private_file_has_no_address() -> None:
    with pytest.raises(ValueError, match="no address"):
        storages["private"].url("export.zip")


@pytest.mark.django_db
def test_no_detour_through_media_reaches_a_private_file(client: Client) -> None:
    name = storages["private"].save("secret.txt", ContentFile(b"secret"))
    for path in (f"/media/{name}", f"/media/../private/{name}", f"/media/%2e%2e/private/{name}"):
        assert client.get(path).status_code in {400, 404}, path
    storages["private"].delete(name)
