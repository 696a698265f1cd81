"""A process that answers requests of its site through WSGI, and says what they cost. Started by sites.py.

It reads commands from its input, a line of JSON each, and answers with a line of JSON. It knows nothing of our site,
so that it measures any Django site the same way.
"""

import cProfile
import io
import json
import pstats
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django
from django.db import connection
from django.template.base import Template

Application = Callable[..., Any]


def environ(url: str, cookies: str) -> dict[str, Any]:
    """Return what a WSGI server makes of a browser's GET over TLS."""
    path, _, query = url.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "bench.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "bench.example",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
        "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5",
        "HTTP_COOKIE": cookies,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def get(application: Application, url: str, cookies: str) -> tuple[float, str, int]:
    """Ask for a page; return the CPU milliseconds, the status and the length of the body."""
    request, said = environ(url, cookies), []
    start = time.process_time()
    response = application(request, lambda status, _headers, _error=None: said.append(status))
    length = sum(len(part) for part in response)
    if hasattr(response, "close"):
        response.close()
    return (time.process_time() - start) * 1000, said[0], length


def measure(application: Application, url: str, cookies: str, count: int) -> dict[str, Any]:
    """Ask so many times; return the mean of the CPU milliseconds."""
    taken = [get(application, url, cookies) for _ in range(count)]
    return {"ms": sum(one[0] for one in taken) / count, "status": taken[-1][1], "bytes": taken[-1][2]}


def after(
    application: Application, url: str, cookies: str, call: str, arguments: list[str]
) -> dict[str, Any]:
    """Call a function, named as `module:function`, then ask once."""
    module, _, name = call.partition(":")
    getattr(import_module(module), name)(*arguments)
    return measure(application, url, cookies, 1)


def inspect(application: Application, url: str, cookies: str) -> dict[str, Any]:
    """Ask once more and return the queries and how many templates were rendered (none: the page was not made)."""
    queries: list[str] = []
    rendered: list[str | None] = []
    render = Template._render

    def counted(template: Template, context: Any) -> Any:
        rendered.append(template.name)
        return render(template, context)

    def noted(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        queries.append(sql)
        return execute(sql, params, many, context)

    Template._render = counted
    try:
        with connection.execute_wrapper(noted):
            _ms, status, length = get(application, url, cookies)
    finally:
        Template._render = render
    return {"status": status, "bytes": length, "queries": queries, "templates": len(rendered)}


def profile(application: Application, url: str, cookies: str, count: int) -> dict[str, Any]:
    """Ask so many times under the profiler; return its tables, by what each function took itself and with callees."""
    profiler = cProfile.Profile()
    profiler.enable()
    measure(application, url, cookies, count)
    profiler.disable()
    text = io.StringIO()
    statistics = pstats.Stats(profiler, stream=text)
    for order in ("cumulative", "tottime"):
        statistics.sort_stats(order).print_stats(70)
    return {"profile": text.getvalue()}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "measure": measure,
    "after": after,
    "inspect": inspect,
    "profile": profile,
}


def main() -> None:
    """Serve the application named as `module:attribute`; an attribute that is a class is instantiated."""
    module, _, name = sys.argv[1].partition(":")
    if not module.endswith("wsgi"):  # which does so itself, as a server has it
        django.setup(set_prefix=False)
    found = getattr(import_module(module), name)
    application = found() if isinstance(found, type) else found
    for line in sys.stdin:
        command = json.loads(line)
        answer = COMMANDS[command.pop("command")](application, **command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
