"""The form with which a policy page is edited: what it asks about each version, and what it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms import CharField, CheckboxSelectMultiple, Field, HiddenInput, TypedMultipleChoiceField
from django.forms.utils import ErrorList
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.forms.pages import CopyForm

from policies.models.settings import PolicySettings
from policies.models.versions import Policy
from policies.versions import publishing, rules
from policies.versions.permissions import may_publish

# What the editor states of each version. Empty in a new draft, required to publish or to submit.
STATEMENT_FIELDS = ("change_summary", "change_kind", "takes_effect", "effective_from")

LONGEST_AHEAD = timedelta(days=5 * 366)  # later is a slip of the hand
TIME_FORMAT = "%Y-%m-%dT%H:%M"  # as browsers take it
LONGEST_SLUG = 90  # of the 100 that a policy's slug may have: the rest is for the “-2” that keeps it unique


class _Ticks(TypedMultipleChoiceField):
    """Numbers of announced versions. One that has taken effect since the form was opened is no error."""

    def to_python(self, value: Any) -> list[str]:
        return [number for number in super().to_python(value) if self.valid_value(number)]


class PolicyPageForm(WagtailAdminPageForm):
    """Asks for a new statement about each version, and refuses what cannot become a version."""

    # What the text in the form started from. Another draft or version may have come by the time it is sent.
    started_from = CharField(required=False, widget=HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start each new draft with an empty statement about the version."""
        super().__init__(*args, **kwargs)
        if not self.is_bound and self._is_new_draft():
            self.initial.update(dict.fromkeys((*STATEMENT_FIELDS, "editorial_reason"), ""))
        if "effective_from" in self.fields:
            _bound_time(self.fields["effective_from"])
        self.initial["started_from"] = self._start_of_text()
        self._offer_to_know_what_is_undone()

    def _offer_to_know_what_is_undone(self) -> None:
        policy = self.instance.find_policy()
        announced = list(policy.versions.pending(timezone.now())) if policy else []
        if not announced:
            self.fields.pop("undone_by", None)
        elif "undone_by" in self.fields:
            words = _("Version %(number)s on %(date)s")
            choices = [(version.number, words % version.number_and_day) for version in announced]
            self.fields["undone_by"] = _Ticks(
                label=self.fields["undone_by"].label,
                choices=choices,
                coerce=int,
                required=False,
                widget=CheckboxSelectMultiple,
                help_text=_(
                    "Tick a version that does not have this change. It undoes it on its day, unless you bring the "
                    "change over to it."
                ),
            )

    def clean(self) -> dict[str, Any]:
        """Check the statement, the slug, and the right to publish."""
        cleaned = super().clean()
        if cleaned.get("takes_effect") == "now":  # a time that was entered before does not count
            self.errors.pop("effective_from", None)
            cleaned["effective_from"] = None
        # A radio that is not ticked sends nothing, and Django would keep the old answer.
        for name in self.fields.keys() & set(STATEMENT_FIELDS):
            setattr(self.instance, name, cleaned.get(name))
        if "action-publish" in self.data or "action-submit" in self.data:
            self._check_time(cleaned)
        # The view asks this of an existing page itself; of a new one it asks only its parent.
        if "action-publish" in self.data and self.for_user and not may_publish(self.for_user):
            self.add_error(None, _("You may not publish policies. Save a draft and submit it for review."))
        if (slug := cleaned.get("slug")) and not Policy.is_slug_free(slug):
            self.add_error("slug", _("The site uses this URL itself. Choose another slug."))
        elif slug and len(slug) > LONGEST_SLUG and not self.instance.policy_id:
            self.add_error("slug", _("Use at most %(most)s characters.") % {"most": LONGEST_SLUG})
        return cleaned

    def _post_clean(self) -> None:
        """Ask, of the draft as it is now, whether it can become a version."""
        page, now = self.instance, timezone.now()
        policy = page.find_policy()
        if self.cleaned_data.get("started_from") not in {None, "", self._start_of_text()}:
            words = _(
                "Somebody else changed this page meanwhile. Copy what you have written, and reload the page."
            )
            self.add_error(None, words)
        if policy is not None and self._has_no_draft():
            if rules.page_has_other_text(policy, now):
                words = _(
                    "Another version was announced meanwhile. Reload the page, and choose what you change."
                )
                self.add_error(None, words)
            page.start_from_what_holds()
        elif page.replaces is None:
            page.based_on = page.draft_base(now)  # later saves do not move it
        super()._post_clean()  # type: ignore[misc]  # Django's, which its stubs leave out
        is_final = "action-publish" in self.data or "action-submit" in self.data
        policy = page.find_policy()  # of a new page, only now its slug is known
        if policy is not None and is_final and not self.errors:
            content = page.version_content(now=now)
            if "action-submit" in self.data and not publishing.differs(policy=policy, content=content):
                self.add_error(None, _("Nothing has changed: text and facts are those already published."))
            for problem in publishing.problems(policy=policy, content=content):
                self.add_error(problem.field if problem.field in self.fields else None, problem.words)

    def non_field_errors(self) -> ErrorList:
        """Return all errors where none is of no field: only then Wagtail's message names the fields."""
        return super().non_field_errors() or ErrorList(
            [str(error) for errors in self.errors.values() for error in errors]
        )

    def _start_of_text(self) -> str:
        page, now = self.instance, timezone.now()
        if self._has_no_draft():
            policy = page.find_policy()
            base, replaces = (policy.in_force(now) if policy else None), None
        else:
            base, replaces = page.draft_base(now), page.replaces_id
        return f"{base.pk if base else ''}-{replaces or ''}"

    def _has_no_draft(self) -> bool:
        return bool(self.instance.pk and self.instance.live and not self.instance.has_unpublished_changes)

    def _is_new_draft(self) -> bool:
        """Return whether the instance still has the statement about a version that is already published."""
        page = self.instance
        if self._has_no_draft():
            return True
        policy, stated = page.policy, page.change_summary.strip()
        if policy is None or not stated:
            return False
        if page.replaces and policy.versions.pending(timezone.now()).contains(page.replaces):
            return False  # what was said of the announced version was taken over on purpose
        return policy.versions.filter(change_summary=stated).exists()

    def _check_time(self, cleaned: dict[str, Any]) -> None:
        page, moment = self.instance, cleaned.get("effective_from")
        if "effective_from" in page.missing_statements and "effective_from" not in self.errors:
            self.add_error("effective_from", _("Enter when it takes effect."))
        if moment and page.announced_for and moment <= timezone.now():
            self.add_error("effective_from", _("This time is past. Choose a later one, or “at once”."))


def _bound_time(field: Field) -> None:
    """Refuse times that nobody means, offer none of the past, and suggest the day after the period of notice."""
    now, advice = timezone.localtime(), PolicySettings.current()
    latest = now + LONGEST_AHEAD
    # The first hours of all cannot be said in every time zone.
    field.validators.append(MinValueValidator(datetime(1900, 1, 1, tzinfo=UTC)))
    field.validators.append(MaxValueValidator(latest, _("Choose a time within the next five years.")))
    field.widget.attrs |= {"min": now.strftime(TIME_FORMAT), "max": latest.strftime(TIME_FORMAT)}
    if advice.notice_days:
        day = advice.end_of_notice(now)
        words = _("%(day)s: %(days)s days' notice") % {"day": date_format(day), "days": advice.notice_days}
        field.widget.attrs |= {"data-suggested": f"{day:%Y-%m-%d}T00:00", "data-suggestion": words}


class PolicyCopyForm(CopyForm):
    """Offers no alias: a policy has one page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("alias", None)
