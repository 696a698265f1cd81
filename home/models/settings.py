"""Settings of the default site."""

from copy import copy
from typing import Self

from wagtail.contrib.settings.models import BaseSiteSetting

from home import snapshot


class DefaultSiteSetting(BaseSiteSetting):
    """Settings that are read wherever no request says which site is meant."""

    class Meta:
        abstract = True

    @classmethod
    def current(cls) -> Self:
        """Return the settings of the default site; the defaults, unsaved, where there are none."""
        # Not `for_site`, which writes a row where there is none: a GET must change nothing.
        return cls.base_queryset().filter(site__is_default_site=True).first() or cls()

    @classmethod
    def shown(cls) -> Self:
        """Return the settings that public pages show: read once a snapshot, and not to be changed."""
        return snapshot.current().value(cls, cls.current)

    @classmethod
    def copied(cls) -> Self:
        """Return a copy, for whoever reads a picture: threads share those, and each must open a file of its own."""
        return copy(cls.shown())
