"""The models every other app may build on: users, media, base pages, brand settings."""

from home.models.bin import BinnedPage
from home.models.brand import BrandSettings
from home.models.heartbeat import WorkerHeartbeat
from home.models.media import SiteDocument, SiteImage, SiteRendition
from home.models.pages import BasePage, ContentPage, HomePage
from home.models.services import ServiceSettings
from home.models.settings import DefaultSiteSetting
from home.models.users import User

__all__ = [
    "BasePage",
    "BinnedPage",
    "BrandSettings",
    "ContentPage",
    "DefaultSiteSetting",
    "HomePage",
    "ServiceSettings",
    "SiteDocument",
    "SiteImage",
    "SiteRendition",
    "User",
    "WorkerHeartbeat",
]
