"""What a staging site does differently: search engines are told to leave it alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def no_index(get_response: GetResponse) -> GetResponse:
    """Tell search engines with each answer; middleware of a staging site only. nginx serves its files without it."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer
