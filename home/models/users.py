"""Users, who sign in with their e-mail address."""

from typing import ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from home.email_addresses import same_address


class UserManager(BaseUserManager["User"]):
    """Creates users, and finds them by e-mail address, ignoring case."""

    use_in_migrations = True

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(same_address(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user; without a password the account cannot sign in until one is set."""
        if not email:
            message = "A user needs an e-mail address."
            raise ValueError(message)
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user who may do everything."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def owner_emails(self) -> list[str]:
        """Return the e-mail addresses of those who may do everything."""
        return list(self.filter(is_superuser=True, is_active=True).values_list("email", flat=True))


class User(AbstractUser):
    """A person who can sign in: staff now, customers with an account later."""

    username = None  # type: ignore[assignment]  # Django's way to leave a field of the base out
    email = models.EmailField(_("e-mail address"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # Django's own asks for a username

    class Meta(AbstractUser.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_ignoring_case",
                violation_error_message=_("There is an account with this e-mail address already."),
            ),
        ]

    def __str__(self) -> str:
        return self.email
