"""Start-up of the home app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    """What every page shares."""

    name = "home"
    verbose_name = _("Home")

    def ready(self) -> None:
        """Connect what invalidates the page cache; in the admin, ask for days as browsers do, count no list whole."""
        from wagtail.admin.views import chooser  # noqa: PLC0415 - models must be loaded first
        from wagtail.admin.views.generic.base import BaseListingView  # noqa: PLC0415 - likewise

        from home.admin_lists import CappedPaginator, ChooserPaginator  # noqa: PLC0415 - likewise
        from home.date_inputs import use_for_models  # noqa: PLC0415 - likewise
        from home.page_cache import invalidation  # noqa: PLC0415 - likewise

        use_for_models()
        invalidation.connect()
        BaseListingView.paginator_class = CappedPaginator
        chooser.Paginator = ChooserPaginator  # type: ignore[misc]  # a name of that module
