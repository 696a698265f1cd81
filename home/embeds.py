"""The services that videos and maps may come from, and how the URL of a page becomes the URL of a frame.

It never fetches anything; which services are switched on is in the settings (home.models.services).
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from home.csp import Provider

# What a frame of another site may do; `allow-same-origin` leaves it its own origin, never ours.
SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"
VIDEO_ALLOW = "fullscreen; encrypted-media; picture-in-picture"

_NORTHERNMOST, _EASTERNMOST = 85.0511, 180  # where the square map of the world ends


@dataclass(frozen=True)
class EmbedService:
    """One service: its hosts, and a function that returns the URL of a frame, or "" for none."""

    key: str
    name: str
    kind: str  # "video" or "map"
    hosts: frozenset[str]
    frame_url: Callable[[SplitResult], str]
    hint: str | Promise  # which URLs are understood
    origin: str
    country: str | Promise
    privacy_url: str
    allow: str = ""

    def provider(self) -> Provider:
        """Describe the service for the security policy and for "who receives data"."""
        what = _("Shows videos") if self.kind == "video" else _("Shows maps")
        return Provider(
            key=self.key,
            name=self.name,
            purpose=_("%(what)s, once a visitor loads one: IP address, browser, and that it is on our site")
            % {"what": what},
            country=str(self.country),
            privacy_url=self.privacy_url,
            sources={"frame-src": (self.origin,)},
        )


@dataclass(frozen=True)
class Embed:
    """A video or map: its service, its URL for visitors, and the one for the frame ("" if not understood)."""

    service: EmbedService
    url: str
    frame_url: str


def recognise(url: str) -> Embed | None:
    """Return the embed that a URL stands for; None if it is of no known service."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:  # brackets that are no IPv6 address
        return None
    service = next((service for service in SERVICES.values() if host in service.hosts), None)
    if service is None or parts.scheme not in {"http", "https"}:
        return None
    return Embed(service, parts._replace(scheme="https").geturl(), service.frame_url(parts))


def _query(parts: SplitResult) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


# --- Videos ------------------------------------------------------------------------------------------------
_YOUTUBE_PATH = re.compile(r"/(?:shorts|live|embed|v)/([\w-]{11})/?", re.ASCII)
_YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)
_YOUTUBE_TIME = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,5})s?)?", re.ASCII)
_VIMEO_PATH = re.compile(
    r"/(?:(?:channels|groups)/[\w/-]+/|video/|showcase/\d+/video/)?(\d{5,12})(?:/([0-9a-f]{6,20}))?/?",
    re.ASCII,
)


def _youtube(parts: SplitResult) -> str:
    query = _query(parts)
    if parts.hostname == "youtu.be":
        name = parts.path.strip("/")
    elif parts.path.rstrip("/") == "/watch":
        name = query.get("v", "")
    else:
        found = _YOUTUBE_PATH.fullmatch(parts.path)
        name = found[1] if found else ""
    if not _YOUTUBE_ID.fullmatch(name):
        return ""
    start = _seconds(query.get("t") or query.get("start") or "")
    return f"https://www.youtube-nocookie.com/embed/{name}" + (f"?start={start}" if start else "")


def _seconds(moment: str) -> int:
    """Read where a video starts: "90", "90s" or "1m30s"."""
    found = _YOUTUBE_TIME.fullmatch(moment)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return hours * 3600 + minutes * 60 + seconds


def _vimeo(parts: SplitResult) -> str:
    found = _VIMEO_PATH.fullmatch(parts.path)
    if not found:
        return ""
    secret = found[2] or _query(parts).get("h", "")  # of a video that is not listed
    if secret and not re.fullmatch(r"[0-9a-f]{6,20}", secret):
        return ""
    # "dnt" asks the player to set no cookies of its own to count visits.
    options = {"dnt": "1", **({"h": secret} if secret else {})}
    return f"https://player.vimeo.com/video/{found[1]}?{urlencode(options)}"


# --- Maps --------------------------------------------------------------------------------------------------
_NUMBER = r"-?\d{1,3}(?:\.\d{1,12})?"
_PLACE = re.compile(rf"(?P<zoom>1?\d)/(?P<latitude>{_NUMBER})/(?P<longitude>{_NUMBER})", re.ASCII)
_BOX = re.compile(rf"{_NUMBER}(?:,{_NUMBER}){{3}}", re.ASCII)  # west, south, east, north
_MARKER = re.compile(rf"(?:{_NUMBER},{_NUMBER})?", re.ASCII)
_LAYER = re.compile(r"[a-z]{0,20}")


def _openstreetmap(parts: SplitResult) -> str:
    query = _query(parts)
    if parts.path == "/export/embed.html":
        return _map_frame(query.get("bbox", ""), query.get("marker", ""), query.get("layer", ""))
    place = _PLACE.fullmatch(parse_qs(parts.fragment).get("map", [""])[0])
    if parts.path.strip("/") or not place:
        return ""
    zoom, latitude, longitude = int(place["zoom"]), float(place["latitude"]), float(place["longitude"])
    if abs(latitude) > _NORTHERNMOST or abs(longitude) > _EASTERNMOST:
        return ""
    marker = ",".join(query[name] for name in ("mlat", "mlon") if name in query)
    return _map_frame(",".join(f"{edge:.5f}" for edge in _box(zoom, latitude, longitude)), marker, "")


def _map_frame(box: str, marker: str, layer: str) -> str:
    if not (_BOX.fullmatch(box) and _MARKER.fullmatch(marker) and _LAYER.fullmatch(layer)):
        return ""
    options = {"bbox": box, "layer": layer or "mapnik", **({"marker": marker} if marker else {})}
    return "https://www.openstreetmap.org/export/embed.html?" + urlencode(options, safe=",")


def _box(zoom: int, latitude: float, longitude: float) -> tuple[float, float, float, float]:
    """Return the edges of the map that a place and a zoom show in our frame: west, south, east, north."""
    half_width = 832 / 2 / (256 * 2**zoom)  # of the whole world's, in a frame of 832 pixels
    half_height = half_width * 9 / 16
    middle = 0.5 - math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi)

    def at(y: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * min(max(y, 0), 1)))))

    west, east = (longitude + side * half_width * 360 for side in (-1, 1))
    south, north = (at(middle + side * half_height) for side in (1, -1))
    return max(west, -_EASTERNMOST), south, min(east, _EASTERNMOST), north


SERVICES = {
    service.key: service
    for service in (
        EmbedService(
            key="youtube",
            name="YouTube",
            kind="video",
            hosts=frozenset({"youtube.com", "youtu.be", "youtube-nocookie.com"}),
            frame_url=_youtube,
            hint=gettext_lazy("Open the video on YouTube and copy the URL from the browser’s address bar."),
            origin="https://www.youtube-nocookie.com",
            country=gettext_lazy("Ireland and the United States"),
            privacy_url="https://policies.google.com/privacy",
            allow=VIDEO_ALLOW,
        ),
        EmbedService(
            key="vimeo",
            name="Vimeo",
            kind="video",
            hosts=frozenset({"vimeo.com", "player.vimeo.com"}),
            frame_url=_vimeo,
            hint=gettext_lazy("Open the video on Vimeo and copy the URL from the browser’s address bar."),
            origin="https://player.vimeo.com",
            country=pgettext_lazy("country", "United States"),
            privacy_url="https://vimeo.com/privacy",
            allow=VIDEO_ALLOW,
        ),
        EmbedService(
            key="openstreetmap",
            name="OpenStreetMap",
            kind="map",
            hosts=frozenset({"openstreetmap.org"}),
            frame_url=_openstreetmap,
            hint=gettext_lazy(
                "Move the map on openstreetmap.org to the place and copy the URL from the browser’s address bar; "
                "it holds “#map=”."
            ),
            origin="https://www.openstreetmap.org",
            country=gettext_lazy("United Kingdom and the European Union"),
            privacy_url="https://osmfoundation.org/wiki/Privacy_Policy",
        ),
    )
}
