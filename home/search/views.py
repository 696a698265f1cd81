"""The page of the site's search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from home.responses import private
from home.search import site
from home.search.site import Results, SearchQuery


@private
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what is found on the site, a section for each kind; with no result, what is suggested."""
    asked = SearchQuery.typed(request.GET.get("q", ""))
    if asked.words and (answer := site.refused(request, asked)):
        return answer
    sections = site.sections()

    def look_up(instead: SearchQuery) -> list[Results]:
        return [found for one in sections if (found := one.find(instead))]

    found, comes_close = site.best(asked, look_up)
    number = sum(results.number for results in found)
    context = {
        "asked": asked,
        "found": found,
        "number": number,
        "most_found": site.MOST_FOUND,
        "comes_close": comes_close,
        "section": reverse("home:search"),
    }
    return render(request, "home/search.html", context)
