"""System checks of the whole site: mistakes in the settings that would otherwise show as a leak or a hole."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

PAGE_CACHE = "home.page_cache.middleware.PageCacheMiddleware"
CSRF = "home.csrf.OriginOrTokenCsrfMiddleware"


@register
def page_cache_is_first(**_kwargs: object) -> list[CheckMessage]:
    """config.E001: whatever stands before the page cache runs for cached pages too, or changes what is stored."""
    if settings.MIDDLEWARE[:1] == [PAGE_CACHE]:
        return []
    return [
        Error(
            "The page cache is not the first middleware.", hint=f"Put {PAGE_CACHE} first.", id="config.E001"
        )
    ]


@register(deploy=True)
def settings_are_those_of_production(**_kwargs: object) -> list[CheckMessage]:
    """config.E003: development's settings have known keys, a demo and no encryption."""
    if settings.IS_PRODUCTION:
        return []
    hint = "Remove DJANGO_SETTINGS_MODULE from .env and the environment: production's are the default."
    return [Error("The settings are those of development.", hint=hint, id="config.E003")]


@register
def csrf_protection_is_on(**_kwargs: object) -> list[CheckMessage]:
    """config.E002: Django's own check (security.W003) does not know our subclass and is silenced."""
    if CSRF in settings.MIDDLEWARE:
        return []
    return [Error("Nothing protects POSTs from other sites.", hint=f"Add {CSRF}.", id="config.E002")]
