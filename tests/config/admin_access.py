"""Who may do what in the admin: asks every URL of it, with rows that exist, as every role, by GET and POST.

The table of the answers is `admin_access.txt`. Requests go to the views without the middleware that only keeps,
compresses or protects answers; templates render nothing, and whatever a request writes is rolled back. A POST is
empty: what a view would ask of its fields comes after what it asks of its user, or the table shows it.
"""

import re
import traceback
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.messages import ERROR, get_messages
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.handlers.base import BaseHandler
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver, resolve, reverse
from wagtail.admin.api.views import PagesAdminAPIViewSet
from wagtail.admin.views.bulk_action.registry import bulk_action_registry
from wagtail.contrib.settings.registry import registry as settings_registry
from wagtail.models import Page, get_page_models
from wagtail.users.models import UserProfile

from config.groups import GROUPS
from home.models import ContentPage, User
from policies.models import PolicyPage

FILE = Path(__file__).with_suffix(".txt")
NOBODY, OWNER = "nobody", "owner"
ROLES = (NOBODY, *GROUPS, OWNER)
MIDDLEWARE = (
    f"{__name__}.signed_in",
    "home.routing.DefaultSiteMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "policies.versions.middleware.RefusedContentMiddleware",
    "policies.versions.middleware.DamagedRecordMiddleware",
)
METHODS = ("GET", "POST")
CRASHED = "E"
# What is written by whoever looks: who saw personal data, who has a page open, pictures in other sizes, previews.
BY_THE_WAY = {
    "home_siterendition",
    "policies_personaldataaccess",
    "policies_statedvalue",
    "wagtailadmin_editingsession",
    "wagtailadmin_formstate",
}
_WRITTEN = re.compile(r'(?:INSERT|UPDATE|DELETE)[A-Z ]*"(\w+)"')
WIDTH = 9
INTRODUCTION = """\
Who may do what in the admin: scripts/write_admin_access.py writes this table, and a test compares it with the answers.
The first mark is that of GET, the second that of an empty POST:
  + answered   > sent on   ! told why not   - refused, or asked to sign in
  w answered or sent on, and something was written   W written, but not answered
  4 not found   x no such method   E an error of the site
"""
Rows = dict[str, models.Model]


# --- The URLs ----------------------------------------------------------------------------------------------
def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each pattern of all URLs with its route."""
    for one in resolver.url_patterns:
        route = before + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        else:
            yield route, one


def urls(rows: Rows) -> dict[str, str]:
    """Return what the table calls each URL of the admin, and the URL."""
    admin, found = settings.ADMIN_PATH.lstrip("/"), {}
    for route, pattern in patterns(get_resolver()):
        if route.startswith(admin):
            for one in _for_each_kind(route.removeprefix(admin)):
                name, url = _filled(one, pattern, rows)
                found[name or "(Today)"] = settings.ADMIN_PATH + url
    return dict(sorted(found.items()))


_PAGE = "<int:page_id>"
_PAGES = [f"<int:{kind}>" for kind in ("contentpage", "formpage", "policypage", "productpage")]
_BULK = {"wagtailcore.page": "contentpage", "home.siteimage": "", "home.sitedocument": "", "home.user": ""}
# What a parameter stands for that is no row.
_KINDS: dict[str, list[str]] = {
    ".*/$": ["nowhere/"],
    r"pages/(\d+)/revisions/compare/(live|earliest|\d+)\.\.\.(live|latest|\d+)/$": [
        f"pages/{_PAGE}/revisions/compare/earliest...live/"
    ],
    # The other way to do what the pages below "pages/" do.
    "api/main/pages/<int:pk>/action/<str:action_name>/": [
        f"api/main/pages/{page}/action/{action}/"
        for action in PagesAdminAPIViewSet.actions
        for page in (_PAGES[1:3] if action == "delete" else _PAGES[2:3])
    ],
    "bulk/<str:app_label>/<str:model_name>/<str:action>/": [
        f"bulk/{label.replace('.', '/')}/{action.action_type}/?id=<int:{kind or label.partition('.')[2]}>"
        for label, kind in _BULK.items()
        for action in bulk_action_registry.get_bulk_actions_for_model(*label.split("."))
    ],
    "editing-sessions/ping/<str:app_label>/<str:model_name>/<str:object_id>/<int:session_id>/": [
        "editing-sessions/ping/home/contentpage/<int:contentpage>/<int:session_id>/"
    ],
    "guide/<str:name>": ["guide/orders.md"],
    "images/<int:image_id>/preview/<str:filter_spec>/": ["images/<int:image_id>/preview/width-10/"],
    "orders/<int:pk>/<slug:kind>/": ["orders/<int:pk>/packing-slip/"],
    "pages/<missing_app_page:page>/<path:action>": ["pages/<int:gone>/edit/"],
    "password_reset/confirm/<uidb64>/<token>/": ["password_reset/confirm/MQ/no-token/"],
    "tag-autocomplete/<slug:app_name>/<slug:model_name>/": ["tag-autocomplete/taggit/tag/"],
    "workflows/tasks/add/<str:app_label>/<str:model_name>/": [
        "workflows/tasks/add/policies/legalreviewtask/"
    ],
    f"pages/{_PAGE}/delete/": [f"pages/{page}/delete/" for page in _PAGES[:3]],
    f"pages/{_PAGE}/edit/": [f"pages/{page}/edit/" for page in _PAGES],
    f"pages/{_PAGE}/unpublish/": [f"pages/{page}/unpublish/" for page in _PAGES[1:3]],
}


def _for_each_kind(route: str) -> list[str]:
    """Return a route once for each kind of thing that it is for, with the names of the kinds in it."""
    if kinds := _KINDS.get(route):
        return kinds
    models: list[Any] = []
    if route.startswith("settings/"):
        models = settings_registry
    elif route.startswith("pages/add/") and route.endswith("<int:parent_page_id>/"):
        models = [model for model in get_page_models() if model is not Page]
    elif re.match(r"pages/(add|usage|create)/", route):  # they ask nothing of the kind but its name
        models = [ContentPage, PolicyPage]
    if models:
        return [_put(route, model) for model in models]
    if "<slug:action_name>" in route:
        return [route.replace("<slug:action_name>", action) for action in ("approve", "reject")]
    return [route]


def _put(route: str, model: type[models.Model]) -> str:
    """Return a route with the names of an app and a model."""
    route = re.sub(r"<slug:(content_type_)?app_(name|label)>", model._meta.app_label, route)
    return re.sub(r"<slug:(content_type_)?model_name>", str(model._meta.model_name), route)


# --- Their rows --------------------------------------------------------------------------------------------
# By the name of the parameter.
_OF_NAME = {
    "page_id": "contentpage",
    "page_pk": "contentpage",
    "page_to_move_id": "contentpage",
    "parent_page_id": "homepage",
    "destination_id": "homepage",
    "image_id": "siteimage",
    "document_id": "sitedocument",
    "doc_id": "sitedocument",
    "redirect_id": "redirect",
    "collection_id": "collection",
    "revision_id": "revision",
    "task_id": "task",
    "task_state_id": "taskstate",
    "workflow_state_id": "workflowstate",
    "workflow_pk": "workflow",
    "uploaded_file_id": "uploadedfile",
    "session_id": "editingsession",
    "file": "attachment",
    "parcel": "parcel",
}
# What "pk" is, and where a parameter is something else, by the beginning of the route.
_OF_PLACE = {
    "api/main/documents/": "sitedocument",
    "api/main/images/": "siteimage",
    "api/main/pages/": "contentpage",
    "collections/": "collection",
    "documents/chooser/": "sitedocument",
    "forms/submissions/": "formpage",
    "images/chooser/": "siteimage",
    "mails/": "email",
    "messages/": "submission",
    "offers/": "offer",
    "orders/": "order",
    "papers/": "document",
    "pages/workflow/": "reviewed",
    "policies/<int:page_id>/review/": "reviewed",
    "policies/<int:page_id>/": "policypage",
    "policies/": "policy",
    "policy-versions/": "policyversion",
    "settings/": "site",
    "stock/": "stockitem",
    "stripe-events/": "stripeevent",
    "workflows/tasks/": "task",
    "workflows/": "workflow",
}


def _filled(route: str, pattern: URLPattern, rows: Rows) -> tuple[str, str]:
    """Return a route with the kinds of its rows, and with their keys."""
    model = getattr(pattern.callback, "view_initkwargs", {}).get("model")
    name, url = route, route
    for parameter, kind in re.findall(r"(<(?:\w+:)?(\w+)>)", route):
        key = kind if kind in rows else _OF_NAME.get(kind, "")
        place = next((row for start, row in _OF_PLACE.items() if route.startswith(start)), "")
        if not key or (place and kind == "page_id"):  # a policy page, or a form
            key = place or (str(model._meta.model_name) if model else "")
        if key not in rows:
            message = f"Say in {__name__} which row {parameter} of {route} is, and make it."
            raise AssertionError(message)
        name = name.replace(parameter, f"<{key}>")
        url = url.replace(parameter, str(rows[key].pk))
    return name, url


# --- The answers -------------------------------------------------------------------------------------------
def signed_in(get_response: Any) -> Any:
    """Sign in whoever asks: the same object each time, which knows its permissions already."""

    def answer(request: Any) -> HttpResponse:
        # A preview is a request within a request.
        request.user, request.session = getattr(request, "by", AnonymousUser()), SessionStore()
        return get_response(request)

    return answer


def people() -> dict[str, User | AnonymousUser]:
    """Create somebody of each role."""
    found: dict[str, User | AnonymousUser] = {NOBODY: AnonymousUser()}
    for number, role in enumerate(ROLES[1:]):
        email = f"role{number}@example.com"
        found[role] = user = User.objects.create_user(
            email, "a-long-password", is_superuser=role == OWNER, first_name=role
        )
        UserProfile.get_for_user(user)
        if role != OWNER:
            user.groups.add(Group.objects.get(name=role))
    return found


class Handler(BaseHandler):
    """Looks a URL up once, and not for each role and method."""

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        request.resolver_match = match = _resolve(request.path_info)
        return match


_resolve = cache(resolve)


class Answers:
    """Asks, and keeps what went wrong."""

    def __init__(self) -> None:
        _resolve.cache_clear()
        self.handler, self.requests = Handler(), RequestFactory()
        self.handler.load_middleware()
        self.crashes: dict[str, str] = {}

    def mark(self, method: str, url: str, user: User | AnonymousUser) -> str:
        """Return the mark of an answer; nothing that was written stays."""
        request: Any = self.requests.generic(method, url)
        request.by, request._dont_enforce_csrf_checks = user, True
        self.has_written = False
        with transaction.atomic(), connection.execute_wrapper(self._watch):
            try:
                response = self.handler.get_response(request)
            except Exception:  # noqa: BLE001 - told by whoever asked
                self.crashes[f"{method} {url}"] = traceback.format_exc()
                return CRASHED
            finally:
                transaction.set_rollback(True)
        if response.streaming:
            response.close()
        mark = _mark(request, response)
        if self.has_written:
            return "w" if mark in "+>" else "W"
        return mark

    def _watch(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if (table := _WRITTEN.match(sql)) and table[1] not in BY_THE_WAY and context["cursor"].rowcount > 0:
            self.has_written = True
        return result


def _mark(request: HttpRequest, response: Any) -> str:
    if response.status_code in (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND):
        said = [*get_messages(request)]
        is_refused = any("do not have permission" in str(message) for message in said)
        if is_refused or response.url.startswith(reverse("wagtailadmin_login")):
            return "-"
        return "!" if any(message.level >= ERROR for message in said) else ">"
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return "+"
    return _MARKS.get(
        response.status_code, "!" if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else CRASHED
    )


_MARKS: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "-",
    HTTPStatus.NOT_FOUND: "4",
    HTTPStatus.METHOD_NOT_ALLOWED: "x",
}


def table(rows: Rows, answers: Answers) -> str:
    """Return the table."""
    of_roles = people().values()
    lines = [INTRODUCTION, "".join(f"{role[: WIDTH - 1]:{WIDTH}}" for role in ROLES).rstrip()]
    for name, url in urls(rows).items():
        marks = ("".join(answers.mark(method, url, user) for method in METHODS) for user in of_roles)
        lines.append("".join(f"{mark:{WIDTH}}" for mark in marks) + name)
    return "\n".join(lines) + "\n"
