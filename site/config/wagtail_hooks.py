"""What the top layer contributes: the last backup, mails, personal data of third-party apps, and how they are safe."""

from wagtail import hooks

from config.backup.panel import add_panel
from config.mail_screen import MailViewSet, add_tile
from config.personal_data import personal_data
from config.safeguards import safeguards

hooks.register("register_personal_data", personal_data)
hooks.register("register_safeguards", safeguards)
hooks.register("construct_homepage_panels", add_panel)
hooks.register("construct_homepage_summary_items", add_tile)


@hooks.register("register_admin_viewset")
def mail_viewset() -> MailViewSet:
    return MailViewSet()
