"""Settings of policies, edited under Settings → Policies."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import register_setting

from home.models import DefaultSiteSetting


@register_setting(icon="doc-full")
class PolicySettings(DefaultSiteSetting):
    """What the editor of a policy is advised."""

    notice_days = models.PositiveSmallIntegerField(
        _("notice period, in days"),
        default=30,
        help_text=_(
            "How long before it takes effect a change of meaning should be announced. 0: not at all."
        ),
    )

    class Meta:
        verbose_name = _("policies")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def end_of_notice(self, now: datetime) -> datetime:
        """Return from when a version announced now should hold."""
        return now + timedelta(days=self.notice_days)
