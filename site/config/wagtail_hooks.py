"""What the top layer contributes: the age of the last backup, and mails and personal data of third-party apps."""

from wagtail import hooks

from config.backup.panel import add_panel
from config.mail_screen import MailViewSet, add_tile
from config.personal_data import personal_data

hooks.register("register_personal_data", personal_data)
hooks.register("construct_homepage_panels", add_panel)
hooks.register("construct_homepage_summary_items", add_tile)


@hooks.register("register_admin_viewset")
def mail_viewset() -> MailViewSet:
    return MailViewSet()
