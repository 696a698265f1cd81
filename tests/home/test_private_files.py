"""Private files: kept apart from media, and no address leads to them."""

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from wagtail.models import Collection, CollectionViewRestriction

from home.models import SiteDocument, User

pytestmark = pytest.mark.also_without_shop


def test_private_files_do_not_lie_below_the_media_folder() -> None:
    private = storages["private"].path("export.zip")
    assert not private.startswith(str(settings.MEDIA_ROOT))


def test_a_private_file_has_no_url() -> None:
    with pytest.raises(NotImplementedError, match="no URL"):
        storages["private"].url("export.zip")


@pytest.mark.django_db
def test_no_detour_through_media_reaches_a_private_file(client: Client) -> None:
    name = storages["private"].save("secret.txt", ContentFile(b"secret"))
    for path in (f"/media/{name}", f"/media/../private/{name}", f"/media/%2e%2e/private/{name}"):
        assert client.get(path).status_code in {400, 404}, path
    storages["private"].delete(name)


@pytest.fixture
def document(db: None) -> SiteDocument:
    """Put a price list into the library, in a collection that only staff may open."""
    staff_only = Collection.get_first_root_node().add_child(name="For staff")
    CollectionViewRestriction.objects.create(
        collection=staff_only, restriction_type=CollectionViewRestriction.LOGIN
    )
    return SiteDocument.objects.create(
        title="Prices", collection=staff_only, file=ContentFile(b"secret prices", name="prices.txt")
    )


def test_a_document_has_no_address_but_the_one_that_asks_who_wants_it(
    client: Client, document: SiteDocument
) -> None:
    assert document.file.path.startswith(str(storages["private"].location))
    assert client.get(f"/media/{document.file.name}").status_code == 404
    assert document.url == f"/documents/{document.pk}/{document.filename}"
    answer = client.get(document.url)
    assert answer.status_code == 302
    assert "/login/?next=/documents/" in answer.headers["Location"]


def test_a_user_with_access_to_a_document_can_download_the_file(
    client: Client, document: SiteDocument
) -> None:
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    answer = client.get(document.url)
    assert b"".join(answer.streaming_content) == b"secret prices"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_document_that_everybody_may_have_is_handed_out(client: Client, document: SiteDocument) -> None:
    document.collection = Collection.get_first_root_node()
    document.save()
    assert b"".join(client.get(document.url).streaming_content) == b"secret prices"


def test_staff_add_and_change_documents_as_ever(client: Client, document: SiteDocument) -> None:
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    collection = Collection.get_first_root_node().pk
    file = SimpleUploadedFile("hours.txt", b"Nine to five")
    client.post("/admin/documents/add/", {"title": "Hours", "file": file, "collection": collection})
    added = SiteDocument.objects.get(title="Hours")
    assert added.file.storage.location == storages["private"].location
    page = client.get(f"/admin/documents/edit/{added.pk}/").content.decode()
    assert added.filename in page
    client.post(f"/admin/documents/edit/{added.pk}/", {"title": "Our hours", "collection": collection})
    assert SiteDocument.objects.filter(pk=added.pk, title="Our hours").exists()
    for path in ("", "chooser/", "multiple/add/"):
        assert client.get(f"/admin/documents/{path}").status_code == 200
