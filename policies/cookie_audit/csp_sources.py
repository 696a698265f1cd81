"""The sources of a content security policy: which it names, and which origins each of them means."""

import re

_SOURCE = re.compile(
    r"(?:(?P<scheme>[a-z]+)://)?(?P<host>[a-z0-9.*-]+|\[[0-9a-f:]+\])(?::(?P<port>\d+|\*))?(?:/.*)?",
    re.IGNORECASE,
)
_FETCHES = set("child connect default font frame img manifest media object script style worker".split())
_PORTS = {"http": "80", "https": "443"}


def origins_of(policy: str) -> frozenset[str]:
    """Return the origins that a content security policy lets pages fetch from. `*` and schemes name none."""
    directives = (directive.split() for directive in policy.split(";"))
    return frozenset(
        source.rstrip("/")
        for name, *sources in filter(None, directives)
        if name.lower().removesuffix("-src") in _FETCHES
        for source in sources
        if not source.startswith("'") and not source.endswith(":") and source != "*"
    )


def _plain_scheme(scheme: str | None) -> str:
    # A web socket goes where pages may fetch from.
    return {"ws": "http", "wss": "https"}.get(scheme or "", scheme or "")


def allows(source: str, origin: str) -> bool:
    """Return whether a source of a content security policy means this origin."""
    wanted, given = _SOURCE.fullmatch(source), _SOURCE.fullmatch(origin)
    if not wanted or not given:
        return False
    scheme = _plain_scheme(given["scheme"])
    if wanted["scheme"] and _plain_scheme(wanted["scheme"]) not in (scheme, scheme.removesuffix("s")):
        return False  # what may be asked openly may be asked securely
    default = _PORTS.get(scheme)
    if wanted["port"] != "*" and (wanted["port"] or default) != (given["port"] or default):
        return False
    host, asked = wanted["host"].lower(), given["host"].lower()
    return asked.endswith(host[1:]) if host.startswith("*.") else asked == host
