"""What the top layer contributes for tables of third-party apps: screens in the admin, entries on personal data."""

from wagtail import hooks

from config.mail_screen import MailViewSet
from config.personal_data import personal_data

hooks.register("register_personal_data", personal_data)


@hooks.register("register_admin_viewset")
def mail_viewset() -> MailViewSet:
    return MailViewSet()
