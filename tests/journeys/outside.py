"""The outside world as the journeys see it: nothing reaches it, and what would have gone there is written down."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, Route

STANDS_IN = {"document": "text/html", "script": "text/javascript"}


@dataclass
class Outside:
    """Answers for every other site; `asked` lists the URLs, in their order."""

    home: str
    asked: list[str] = field(default_factory=list)
    script: str = ""

    def watch(self, page: Page) -> "Outside":
        """Stand between a page and the world."""
        page.context.route(self._is_elsewhere, self._answer)
        return self

    @property
    def _is_elsewhere(self) -> Callable[[str], bool]:
        return lambda url: url.startswith("http") and not url.startswith(self.home)

    def _answer(self, route: Route) -> None:
        self.asked.append(route.request.url)
        kind = route.request.resource_type
        body = self.script if kind == "script" else "<p>Content of another site</p>"
        route.fulfill(body=body, content_type=STANDS_IN.get(kind, "text/plain"))
