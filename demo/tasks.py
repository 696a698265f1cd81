"""The tasks of `/demo/`: one click signs in as the person whose task it is, on the screen where it begins."""

from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps
from django.urls import reverse
from wagtail.models import TaskState

from demo import people
from home.models import User
from policies.models import Policy
from policies.versions import timeline


@dataclass(frozen=True)
class Task:
    """A task, and where it begins; `role` is "" where it is a visitor's."""

    name: str
    title: str
    text: str
    role: str
    url: Callable[[], str]
    needs_shop: bool = False

    @property
    def user(self) -> User | None:
        """Return the demo account whose task it is."""
        emails = [login.email for login in people.LOGINS if login.role == self.role]
        return User.objects.filter(email__in=emails, is_active=True).first()

    @property
    def is_open(self) -> bool:
        """The person is there, and so is what it leads to."""
        if self.needs_shop and not apps.is_installed("store"):
            return False
        return (not self.role or self.user is not None) and bool(self.url())


def _parcel() -> str:
    paid = apps.get_model("store.Order").objects.filter(status="paid").order_by("placed_at").first()
    return reverse("orders:inspect", args=[paid.pk]) if paid else reverse("orders:index")


def _policy() -> Policy | None:
    return Policy.objects.filter(slug="privacy-policy").first()


def _edit_policy() -> str:
    policy = _policy()
    return reverse("wagtailadmin_pages:edit", args=[policy.page.pk]) if policy and policy.page else ""


def _review() -> str:
    waiting = TaskState.objects.filter(status=TaskState.STATUS_IN_PROGRESS).select_related("revision").last()
    return (
        reverse("policy_review", args=[waiting.revision.object_id])
        if waiting
        else reverse("wagtailadmin_home")
    )


def _comparison() -> str:
    """Lead to what changes next, or else to what changed last."""
    policy = _policy()
    found = timeline.current_versions(policy) if policy else None
    if found is None or found.version is None:
        return ""
    old, new = (found.version, found.upcoming[0]) if found.upcoming else (found.previous, found.version)
    return reverse("policies:compare", args=[found.policy.slug, old.number, new.number]) if old else ""


def _shop() -> str:
    shop = apps.get_model("store.ShopPage").objects.live().first()
    return shop.url or "" if shop else ""


def _brand() -> str:
    return reverse("wagtailsettings:edit", args=["home", "brandsettings"])


TASKS = (
    Task(
        "pack",
        "Pack a parcel",
        "An order is paid. Print its slip, mark it as packed, send it with a tracking number.",
        "Packer",
        _parcel,
        needs_shop=True,
    ),
    Task(
        "change",
        "Change a sentence of the policy",
        "Write the draft, say what changed and from when it holds, and submit it to the lawyer.",
        "Editor",
        _edit_policy,
    ),
    Task(
        "approve",
        "Approve it",
        "Read every changed word of a draft that waits, then approve it or send it back.",
        "Lawyer",
        _review,
    ),
    Task(
        "read",
        "Read what changed",
        "Two versions of the privacy policy, compared word by word. No account needed.",
        "",
        _comparison,
    ),
    Task(
        "buy",
        "Buy something",
        "Put it into the basket, order, pay on the test page. No money moves.",
        "",
        _shop,
        needs_shop=True,
    ),
    Task(
        "brand",
        "Make it yours",
        "Your name, logo and colours on every page, e-mail and invoice. Invoices carry the legal name.",
        "Owner",
        _brand,
    ),
)


def tasks() -> list[Task]:
    """Return those that lead somewhere on this site."""
    return [task for task in TASKS if task.is_open]
