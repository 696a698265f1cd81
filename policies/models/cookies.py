"""What the register of declared cookies (django-cookie-consent) does not hold: who sets a cookie, where, how long."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CookieDetails(models.Model):
    """What the cookie policy says of one declared cookie, beside its name and purpose."""

    FIELDS = ("provider", "duration", "party", "storage", "policy_url")  # as versions freeze them

    class Party(models.TextChoices):
        """Whose cookie it is."""

        FIRST = "first", _("this site")
        THIRD = "third", _("a third party")

    class Storage(models.TextChoices):
        """Where the browser keeps it."""

        COOKIE = "cookie", _("cookie")
        LOCAL = "local", _("local storage")
        SESSION = "session", _("session storage")

    cookie = models.OneToOneField(
        "cookie_consent.Cookie", on_delete=models.CASCADE, related_name="details", verbose_name=_("cookie")
    )
    provider = models.CharField(_("provider"), max_length=120)
    duration = models.CharField(_("how long"), max_length=60, help_text=_("In words: “6 months”, “session”."))
    party = models.CharField(_("set by"), max_length=10, choices=Party.choices, default=Party.FIRST)
    storage = models.CharField(_("kind"), max_length=10, choices=Storage.choices, default=Storage.COOKIE)
    policy_url = models.URLField(_("provider's policy"), blank=True)

    class Meta:
        verbose_name = _("cookie details")
        verbose_name_plural = _("cookie details")

    def __str__(self) -> str:
        return self.cookie.name
