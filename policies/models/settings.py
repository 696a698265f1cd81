"""Settings of policies, edited under Settings → Policies."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import register_setting

from home.models import DefaultSiteSetting, User
from policies.versions.permissions import may_publish

MOST_DAYS = 366  # more is a slip of the hand, and no calendar may have that day


@register_setting(icon="doc-full")
class PolicySettings(DefaultSiteSetting):
    """What the editor of a policy is advised, and when reviewers are reminded."""

    notice_days = models.PositiveSmallIntegerField(
        _("notice period, in days"),
        default=30,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text=_(
            "How long before it takes effect a change of meaning should be announced. 0: not at all."
        ),
    )

    reminder_days = models.PositiveSmallIntegerField(
        _("remind reviewers after, in days"),
        default=3,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text=_("Again after as many days, until somebody approves or returns the draft. 0: never."),
    )
    substitutes = models.ForeignKey(
        Group,
        verbose_name=_("substitutes of absent reviewers"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("After as many days, the members of this group are asked as well, and may decide."),
    )

    class Meta:
        verbose_name = _("policies")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def clean(self) -> None:
        """Refuse substitutes who could not review."""
        rights = {("wagtailadmin", "access_admin"), ("policies", "publish_policypage")}
        held = self.substitutes.permissions if self.substitutes else None
        if held and not rights <= set(held.values_list("content_type__app_label", "codename")):
            words = _(
                "This group may not review. Give it “Can access Wagtail admin” and “Can approve and publish policies” "
                "(Settings → Groups)."
            )
            raise ValidationError({"substitutes": words})

    def waiting_since(self, now: datetime) -> datetime | None:
        """Return since when a review must have waited for its reviewers to be reminded; None for never."""
        return now - _days(self.reminder_days) if self.reminder_days else None

    def is_substitute(self, user: User | AnonymousUser) -> bool:
        """Return whether somebody is of that group and may still decide: it may have lost the right since."""
        return may_publish(user) and user.groups.filter(pk=self.substitutes_id).exists()

    def end_of_notice(self, now: datetime) -> datetime:
        """Return from when a version announced now should hold."""
        return now + _days(self.notice_days)


def _days(stored: int) -> timedelta:
    """Return a number of days, at most those that may be entered today: more may be stored since before."""
    return timedelta(days=min(stored, MOST_DAYS))
