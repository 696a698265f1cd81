"""What the forms app adds to the admin: who may read what visitors wrote."""

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.urls import URLPattern, path
from wagtail import hooks
from wagtail.models import Page

from forms.models import FormPage
from forms.views import FormPagesView
from home.models import User


@hooks.register("filter_form_submissions_for_user")
def only_with_the_right(user: User, editable_forms: QuerySet) -> QuerySet:
    """Show submissions to staff with the right to view them, and to nobody else: to edit the page is another job."""
    return Page.objects.type(FormPage) if user.has_perm("forms.view_submission") else editable_forms.none()


@hooks.register("register_permissions")
def view_submissions_permission() -> QuerySet:
    """Let the right be given to a group, on the group's page in the admin."""
    return Permission.objects.filter(content_type__app_label="forms", codename="view_submission")


@hooks.register("register_admin_urls", order=-1)
def form_pages_urls() -> list[URLPattern]:
    """Stand before Wagtail's list of forms, which asks for the right to edit pages."""
    return [
        path("forms/", FormPagesView.as_view()),
        path("forms/results/", FormPagesView.as_view(results_only=True)),
    ]
