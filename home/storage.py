"""Storage for private files (uploads and exports with personal data): they have no URL."""

from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.deconstruct import deconstructible


@deconstructible(path="home.storage.PrivateFileSystemStorage")
class PrivateFileSystemStorage(FileSystemStorage):
    """A folder that no URL leads to; Django's own would fall back to MEDIA_URL."""

    def url(self, name: str | None) -> str:
        """Refuse: hand private files out through a view that checks who asks."""
        message = "A private file has no URL."
        raise NotImplementedError(message)


def private_storage() -> Storage:
    """Return the storage of private files, for a field of a model."""
    return storages["private"]
