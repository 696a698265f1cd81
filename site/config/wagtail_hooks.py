"""What the top layer adds to the admin: screens for tables of third-party apps."""

from wagtail import hooks

from config.viewsets import MailViewSet


@hooks.register("register_admin_viewset")
def mail_viewset() -> MailViewSet:
    return MailViewSet()
