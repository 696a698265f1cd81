"""Start-up of the policies app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    """Promises: policies, consent, personal data."""

    name = "policies"
    verbose_name = _("Policies")

    def ready(self) -> None:
        """Name what public pages depend on, beside pages and settings, and how staff call what the library declares."""
        # Models must be loaded first. `conf` sets its defaults when first imported: now, not inside a test's settings.
        import cookie_consent.conf  # noqa: F401, PLC0415
        from cookie_consent.models import Cookie, CookieGroup  # noqa: PLC0415

        from home.models import BrandSettings  # noqa: PLC0415
        from home.page_cache.invalidation import invalidate_pages_when_changed  # noqa: PLC0415
        from policies import models  # noqa: PLC0415
        from policies.text.limits import validate_characters  # noqa: PLC0415

        ours = (models.Policy, models.PolicyVersion, models.VersionWithdrawal, models.CookieDetails)
        for model in (*ours, CookieGroup, Cookie):
            invalidate_pages_when_changed(model)
        invalidate_pages_when_changed(models.LedgerHead, name="ledger")
        for stated in (BrandSettings, CookieGroup, Cookie, models.CookieDetails, models.Recipient):
            for field in stated._meta.fields:  # what versions freeze
                field.validators.append(validate_characters)
        CookieGroup._meta.verbose_name = _("cookie category")
        CookieGroup._meta.verbose_name_plural = _("cookie categories")
        Cookie._meta.verbose_name, Cookie._meta.verbose_name_plural = _("cookie"), _("cookies")
