"""A policy, its published versions, and withdrawals of versions that have not yet begun.

A version is a frozen record. Which one is in force is computed from the time asked about, never stored. Versions
are made by `policies.versions.publishing` only.
"""

import json
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.admin import display
from django.db import models
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel, AppendOnlyQuerySet
from policies.ledger import encoding
from policies.models.ledger import LedgeredModel
from policies.text import markup


class ChangeKind(models.TextChoices):
    """What a version means for those who agreed to the one before."""

    MATERIAL = "material", _("Material: the meaning changes, people are told or asked again")
    EDITORIAL = "editorial", _("Editorial: wording only, nobody is asked again")
    NOT_STATED = "", _("Not stated: the version was imported")


class Status(models.TextChoices):
    """Where a version stands at a moment."""

    COMING = "coming", _("Coming")
    IN_FORCE = "in_force", _("In force")
    PAST = "past", _("Past")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PolicyQuerySet(models.QuerySet["Policy"]):
    """Finds policies by what they are for, and by whether the public may read them."""

    def published(self) -> "PolicyQuerySet":
        """Return the policies that have a version: only those have a URL."""
        return self.filter(models.Exists(PolicyVersion.objects.filter(policy=models.OuterRef("pk"))))

    def in_force_of(self, kind: str, at: datetime | None = None) -> "PolicyVersion | None":
        """Return the version of the site's policy of that kind that is in force at a moment (now by default)."""
        return PolicyVersion.objects.of_kind(kind).in_force(at or timezone.now())


class Policy(models.Model):
    """A policy with a permanent public URL. It outlives the page it is edited on."""

    class Kind(models.TextChoices):
        """What a policy is about."""

        PRIVACY = "privacy", _("Privacy policy")
        COOKIES = "cookies", _("Cookie policy")
        TERMS = "terms", _("Terms of sale")
        OTHER = "other", _("Another policy")

    slug = models.SlugField(_("address"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.OTHER)
    title = models.CharField(_("title"), max_length=255)
    language = models.CharField(_("language"), max_length=12)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("policies:policy", args=[self.slug])

    @staticmethod
    def is_slug_free(slug: str) -> bool:
        """Return whether the site serves nothing of its own at the URL with this slug; pages are not looked at."""
        url = f"/{slug}/"
        is_file = url.startswith((settings.STATIC_URL, settings.MEDIA_URL))
        return not is_file and resolve(url).view_name == "policies:policy"

    @property
    def page(self) -> Any:
        """The policy page on which it is edited; None where that is gone."""
        return self.pages.order_by("pk").first()

    def in_force(self, at: datetime | None = None) -> "PolicyVersion | None":
        """Return the version in force at a moment (now by default), or None before the first."""
        return self.versions.in_force(at or timezone.now())


class PolicyVersionQuerySet(AppendOnlyQuerySet["PolicyVersion"]):
    """Speaks of versions in time. All moments are aware datetimes."""

    def not_withdrawn(self) -> "PolicyVersionQuerySet":
        # PostgreSQL takes what a join leaves for rarer than it is, and then walks no index of them in order.
        withdrawal = VersionWithdrawal.objects.filter(version=models.OuterRef("pk"))
        return self.filter(~models.Exists(withdrawal))

    def last_to_hold_first(self) -> "PolicyVersionQuerySet":
        return self.order_by("-effective_at", "-number")

    def begun(self, at: datetime) -> "PolicyVersionQuerySet":
        """Return the versions that have taken effect by then, newest effect first."""
        return self.not_withdrawn().filter(effective_at__lte=at).last_to_hold_first()

    def pending(self, at: datetime) -> "PolicyVersionQuerySet":
        """Return the versions that take effect later, the next one first."""
        return self.not_withdrawn().filter(effective_at__gt=at).order_by("effective_at", "number")

    def of_kind(self, kind: str) -> "PolicyVersionQuerySet":
        """Return the versions of the site's policy of that kind: the oldest policy, where there are several."""
        return self.filter(policy__in=Policy.objects.filter(kind=kind).order_by("pk").values("pk")[:1])

    def in_force(self, at: datetime) -> "PolicyVersion | None":
        """Return the version with the greatest (effective time, number) at that moment. For versions of one policy."""
        return self.begun(at).first()

    def following(self, version: "PolicyVersion | None" = None) -> "PolicyVersionQuerySet":
        """Return the versions that take over from this one, or from the row of the outer query; the next first."""
        policy, effective_at, number = _place_in_order(version)
        is_later = models.Q(effective_at__gt=effective_at) | models.Q(number__gt=number)
        later = self.not_withdrawn().filter(is_later, policy=policy, effective_at__gte=effective_at)
        return later.order_by("effective_at", "number")

    def preceding(self, version: "PolicyVersion | None" = None) -> "PolicyVersionQuerySet":
        """Return the versions that this one, or the row of the outer query, takes over from; the last first."""
        policy, effective_at, number = _place_in_order(version)
        is_earlier = models.Q(effective_at__lt=effective_at) | models.Q(number__lt=number)
        earlier = self.not_withdrawn().filter(is_earlier, policy=policy, effective_at__lte=effective_at)
        return earlier.order_by("-effective_at", "-number")

    def newest(self) -> "PolicyVersion | None":
        """Return the version recorded last. For versions of one policy."""
        return self.order_by("-number").first()

    def latest_to_hold(self) -> "PolicyVersion | None":
        """Return the version that holds once all announced ones have taken effect. For versions of one policy."""
        return self.not_withdrawn().last_to_hold_first().first()

    def with_status(self, now: datetime) -> "PolicyVersionQuerySet":
        """Annotate each version's `status`."""
        in_force = PolicyVersion.objects.filter(policy=models.OuterRef("policy")).begun(now).values("pk")[:1]
        status = models.Case(
            models.When(withdrawal__isnull=False, then=models.Value(Status.WITHDRAWN)),
            models.When(effective_at__gt=now, then=models.Value(Status.COMING)),
            models.When(pk=models.Subquery(in_force), then=models.Value(Status.IN_FORCE)),
            default=models.Value(Status.PAST),
            output_field=models.CharField(),
        )
        return self.annotate(status=status)  # type: ignore[no-redef]  # the model declares what this fills in

    def with_predecessor(self) -> "PolicyVersionQuerySet":
        """Annotate the number of each version's `predecessor`; one that was withdrawn took over from none."""
        numbers = models.Subquery(PolicyVersion.objects.preceding().values("number")[:1])
        return self.annotate(predecessor=_unless_withdrawn(numbers))  # type: ignore[no-redef]  # as above

    def with_end(self) -> "PolicyVersionQuerySet":
        """Annotate `valid_until`: when the next one takes over, as far as is known."""
        ends = models.Subquery(PolicyVersion.objects.following().values("effective_at")[:1])
        return self.annotate(valid_until=_unless_withdrawn(ends))  # type: ignore[no-redef]  # as above

    def listed(self) -> "PolicyVersionQuerySet":
        """Return what lists show, without the full text: newest number first."""
        return self.defer("record").select_related("policy", "withdrawal").order_by("-number")


def _place_in_order(version: "PolicyVersion | None") -> tuple[Any, Any, Any]:
    if version is None:
        return models.OuterRef("policy"), models.OuterRef("effective_at"), models.OuterRef("number")
    return version.policy_id, version.effective_at, version.number


def _unless_withdrawn(value: models.Subquery) -> models.Case:
    return models.Case(models.When(withdrawal__isnull=True, then=value))


class PolicyVersion(AppendOnlyModel, LedgeredModel):
    """One published version, as it was and stays.

    `record` is the exact JSON text whose SHA-256 is `sha256`; it holds everything a reader saw, and the hash of the
    version before. The other columns repeat what queries need; `verify_policies` holds them against the record.
    """

    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, related_name="versions", verbose_name=_("policy")
    )
    number = models.PositiveIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=255)
    effective_at = models.DateTimeField(_("in force from"))
    recorded_at = models.DateTimeField(_("recorded"))
    change_summary = models.TextField(_("what changed"), blank=True)
    change_kind = models.CharField(_("kind of change"), max_length=10, choices=ChangeKind.choices)
    record = models.TextField(_("record"))
    previous_sha256 = models.CharField(_("SHA-256 of the version before"), max_length=64, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    import_source = models.CharField(_("imported from"), max_length=255, blank=True)
    import_sha256 = models.CharField(max_length=64, blank=True)
    # References outside the record: they may go, the names inside it stay.
    page = models.ForeignKey(
        "policies.PolicyPage", null=True, blank=True, on_delete=models.SET_NULL, related_name="versions"
    )
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    detachable_fields: ClassVar[frozenset[str]] = frozenset({"page", "publisher", "approver"})
    ledger_kind = "version"
    ledger_time = "recorded_at"
    objects: ClassVar = PolicyVersionQuerySet.as_manager()
    # Only of versions that were read `with_status()`, `with_predecessor()`, `with_end()`:
    status: str
    predecessor: int | None
    valid_until: datetime | None

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number_unique"),
            # Two publications at once cannot both follow the same version: the chain has no fork.
            models.UniqueConstraint(fields=["policy", "previous_sha256"], name="policy_version_chain_unique"),
            models.UniqueConstraint(
                fields=["policy", "import_source", "import_sha256"],
                condition=~models.Q(import_sha256=""),
                name="policy_version_import_unique",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["policy", "-effective_at", "-number"], name="policy_version_in_force"),
        ]

    def __str__(self) -> str:
        return _("%(title)s, version %(number)s") % {"title": self.title, "number": self.number}

    def get_absolute_url(self) -> str:
        return reverse("policies:version", args=[self.policy.slug, self.number])

    @property
    def ledger_content(self) -> dict[str, Any]:
        """The hash of the record, which says all the rest."""
        return {"policy": self.policy.slug, "number": self.number, "sha256": self.sha256}

    @classmethod
    def ledger_records(cls) -> PolicyVersionQuerySet:
        return cls.objects.select_related("policy").defer("record")

    @property
    def status_label(self) -> str | Promise:
        """The status in words. For versions that were read `with_status()`."""
        return Status(self.status).label

    @cached_property
    def content(self) -> dict[str, Any]:
        """The record, decoded. Raises DamagedRecordError, as all that reads it does."""
        try:
            found = json.loads(self.record)
            encoding.encode({**found}).encode()  # half a character can be read, but not sent
        except (ValueError, TypeError, RecursionError) as error:
            raise encoding.DamagedRecordError(self) from error
        return found

    def _said(self, name: str, type_: type) -> Any:
        if not isinstance(found := self.content.get(name), type_):
            raise encoding.DamagedRecordError(self)
        return found

    @property
    def readable_content(self) -> dict[str, Any]:
        """The record as far as it can be read: empty where it was damaged, which is `verify_policies`' to report."""
        try:
            return self.content
        except encoding.DamagedRecordError:
            return {}

    @property
    def html(self) -> str:
        """The body as it was shown; safe markup, cleaned before it was frozen."""
        return self._said("html", str)

    @cached_property
    def safe_html(self) -> str:
        """The body for a page, cleaned again: what is stored may have been changed past the site."""
        return markup.clean_html(self.html)

    @property
    def text(self) -> str:
        """The body's words without markup."""
        return self._said("text", str)

    @property
    def facts(self) -> dict[str, Any]:
        """The live facts as they stood: fact key → data."""
        return self._said("facts", dict)

    @property
    @display(description=_("written by"))
    def author_name(self) -> str:
        """Who wrote it, or an empty string: records of format 1 do not say."""
        return self.readable_content.get("author", "")

    @property
    @display(description=_("published by"))
    def publisher_name(self) -> str:
        return self.readable_content.get("publisher", "")

    @property
    @display(description=_("approved by"))
    def approver_name(self) -> str:
        """Who approved it, or an empty string."""
        return self.readable_content.get("approver", "")

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was withdrawn before it took effect."""
        return hasattr(self, "withdrawal")

    @property
    def effective_day(self) -> str:
        """The day from which it holds, in words."""
        return date_format(timezone.localtime(self.effective_at))

    @property
    def number_and_day(self) -> dict[str, object]:
        """What sentences name it by: its number, and the day from which it holds."""
        return {"number": self.number, "date": self.effective_day}

    @property
    def days_ahead(self) -> int:
        """The days until it takes effect."""
        return (timezone.localdate(self.effective_at) - timezone.localdate()).days

    @property
    def is_material(self) -> bool:
        """Whether it may change what somebody agreed to: yes, where nobody said that it does not."""
        return self.change_kind != ChangeKind.EDITORIAL


class VersionWithdrawal(AppendOnlyModel, LedgeredModel):
    """The withdrawal of a version before it took effect. One in force can only be followed by another."""

    version = models.OneToOneField(PolicyVersion, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_at = models.DateTimeField(_("withdrawn"))
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=255)
    reason = models.TextField(_("reason"))

    ledger_kind = "withdrawal"
    ledger_time = "withdrawn_at"

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")

    def __str__(self) -> str:
        return str(self.version)

    @property
    def ledger_content(self) -> dict[str, Any]:
        return {
            "version": self.version.sha256,
            "withdrawn_at": encoding.timestamp(self.withdrawn_at),
            "withdrawn_by": self.withdrawn_by,
            "reason": self.reason,
        }

    @classmethod
    def ledger_records(cls) -> models.QuerySet["VersionWithdrawal"]:
        return cls.objects.select_related("version__policy").defer("version__record")
