"""What the top layer contributes: the age of the last backup and, for third-party apps, a screen and personal data."""

from wagtail import hooks

from config.backup.panel import add_panel
from config.mail_screen import MailViewSet
from config.personal_data import personal_data

hooks.register("register_personal_data", personal_data)
hooks.register("construct_homepage_panels", add_panel)


@hooks.register("register_admin_viewset")
def mail_viewset() -> MailViewSet:
    return MailViewSet()
