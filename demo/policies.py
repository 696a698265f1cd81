"""The demo's policies with their history, and the cookies and recipients that it declares.

Versions that lie in the past are recorded as imports are (only imports may); the coming version of the privacy
policy is published on its page, as an editor would.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cookie_consent.models import Cookie, CookieGroup
from django.apps import apps
from django.utils import timezone
from wagtail.log_actions import LogContext
from wagtail.models import Site
from wagtail.rich_text import RichText

from demo import texts
from home.models import HomePage, ServiceSettings, User
from policies.models import CookieDetails, CookiePolicyPage, Policy, PolicyPage, Recipient
from policies.models.pages import TakesEffect
from policies.models.versions import ChangeKind
from policies.versions import publishing

# name, purpose, provider, how long
NECESSARY = (
    ("consent", "Remembers what you chose about cookies.", "6 months"),
    ("basket", "Keeps your basket together, once you put something in.", "30 days"),
    ("basket_count", "Shows how many things are in your basket.", "30 days"),
    ("order", "Lets you cancel the order that you have just placed.", "1 day"),
    ("found_orders", "Shows you your orders, once you used a link that we e-mailed.", "30 minutes"),
    ("sessionid", "Keeps you signed in, once you sign in.", "2 weeks"),
    ("csrftoken", "Protects the forms of people who are signed in.", "1 year"),
)
SHOP_COOKIES = {"basket", "basket_count", "order", "found_orders"}
MEDIA = (
    ("_osm_session", "May be set by openstreetmap.org to hold a visit to the map together.", "session"),
    ("_osm_totp_token", "May be set by openstreetmap.org to protect its own services.", "1 hour"),
)
MEDIA_PRIVACY = "https://osmfoundation.org/wiki/Privacy_Policy"


@dataclass(frozen=True)
class History:
    """The texts of one policy: file stem and slug, kind, and how many days ago each version took effect."""

    slug: str
    kind: str
    days_ago: tuple[int, ...]
    coming: str = ""
    in_review: str = ""


HISTORIES = (
    History("privacy-policy", Policy.Kind.PRIVACY, (730, 120), coming="privacy-policy-3.md"),
    History("cookie-policy", Policy.Kind.COOKIES, (120,)),
    History("terms", Policy.Kind.TERMS, (730, 45), in_review="terms-3.md"),
)


def create(*, home: HomePage, editor: User, lawyer: User) -> None:
    """Declare the cookies, and create the policies that are missing with their history."""
    _cookies()
    _maps()  # before the policies, which print who receives data
    _recipients()
    for history in HISTORIES:
        if history.kind == Policy.Kind.TERMS and not apps.is_installed("store"):
            continue
        if not Policy.objects.filter(slug=history.slug).exists():
            page = _policy(home, editor, lawyer, history)
            _publish(page, editor, lawyer)
            if history.in_review:
                _submit(history, editor)


def _cookies() -> None:
    words = texts.pairs("cookie-notice.txt")
    if CookieGroup.objects.exists():
        return
    necessary = CookieGroup.objects.create(
        varname="necessary",
        name="Necessary",
        description="These need no agreement.",
        is_required=True,
        ordering=0,
    )
    for name, purpose, duration in NECESSARY:
        if name not in SHOP_COOKIES or apps.is_installed("store"):
            _cookie(necessary, name, purpose, duration, provider="This site")
    media = CookieGroup.objects.create(
        varname="media",
        name=words["media_name"],
        description=words["media_explanation"],
        ordering=1,
    )
    for name, purpose, duration in MEDIA:
        _cookie(
            media,
            name,
            purpose,
            duration,
            provider="OpenStreetMap Foundation",
            party=CookieDetails.Party.THIRD,
            policy_url=MEDIA_PRIVACY,
        )


def _cookie(
    group: CookieGroup, name: str, purpose: str, duration: str, *, provider: str, **details: str
) -> None:
    cookie = Cookie.objects.create(cookiegroup=group, name=name, description=purpose)
    CookieDetails.objects.create(cookie=cookie, provider=provider, duration=duration, **details)


def _maps() -> None:
    media = CookieGroup.objects.filter(varname="media").first()
    if media and not ServiceSettings.objects.exists():
        services = ServiceSettings(
            site=Site.objects.get(is_default_site=True), allow_openstreetmap=True, embeds_category=media
        )
        services.full_clean()
        services.save()


def _recipients() -> None:
    if not Recipient.objects.exists():
        for record in texts.records("recipients.txt"):
            if not record.pop("shop", "") or apps.is_installed("store"):
                Recipient.objects.create(**record)


def _publish(page: PolicyPage, editor: User, lawyer: User) -> None:
    """Publish the newest draft: as the site's people do, or plainly where it says what is in force already."""
    if page.takes_effect != TakesEffect.LATER:
        page.get_latest_revision().publish(user=lawyer)
        return
    workflow = page.get_workflow()
    assert workflow is not None
    state = workflow.start(page, editor)
    task_state = state.current_task_state
    with LogContext(user=lawyer):
        task_state.task.specific.on_action(task_state, lawyer, "approve", comment="")


def _submit(history: History, editor: User) -> None:
    """Leave a draft for the lawyer, so that the review has something to show."""
    page = PolicyPage.objects.get(slug=history.slug)
    _fill(page, history.in_review)
    page.change_kind = ChangeKind.EDITORIAL
    page.save_revision(user=editor)
    workflow = page.get_workflow()
    assert workflow is not None
    workflow.start(page, editor)


def _policy(home: HomePage, editor: User, lawyer: User, history: History) -> PolicyPage:
    page = _page(history)
    page.owner = editor
    page.live = False
    home.add_child(instance=page)
    policy = page.attach_policy()
    page.live = True
    page.save()
    for number, days_ago in enumerate(history.days_ago, start=1):
        _fill(page, f"{history.slug}-{number}.md")
        frozen = page.version_content(now=timezone.now())
        frozen = replace(frozen, authors=[editor], publisher=lawyer, approver=lawyer)
        _record_past(policy, frozen, number, timezone.now() - timedelta(days=days_ago))
        page.save()
    if history.coming:
        _fill(page, history.coming)
        page.takes_effect = TakesEffect.LATER
        page.effective_from = _midnight(timezone.now() + timedelta(days=21))
    page.save_revision(user=editor)
    return page


def _page(history: History) -> PolicyPage:
    if history.kind == Policy.Kind.COOKIES:
        words = texts.pairs("cookie-notice.txt")
        labels = {key: value for key, value in words.items() if key.endswith("_label")}
        page: PolicyPage = CookiePolicyPage(notice_title=words["title"], notice_text=words["text"], **labels)
    else:
        page = PolicyPage(kind=history.kind)
    page.slug = history.slug
    _fill(page, f"{history.slug}-1.md")
    return page


def _fill(page: PolicyPage, name: str) -> None:
    page.title, rest = texts.title_and_rest(texts.read(name))
    page.draft_title = page.title
    page.body = [
        (kind, RichText(value) if kind == "paragraph" else value) for kind, value in texts.policy_blocks(rest)
    ]
    page.change_summary = texts.pairs("summaries.txt")[name.removesuffix(".md")]
    page.change_kind = ChangeKind.MATERIAL
    page.takes_effect = TakesEffect.NOW


def _record_past(
    policy: Policy, content: publishing.VersionContent, number: int, effective_at: datetime
) -> None:
    name = f"{policy.slug}-{number}.md"
    content = replace(
        content,
        effective_at=_midnight(effective_at),
        import_source=name,
        import_sha256=hashlib.sha256(texts.read(name).encode()).hexdigest(),
    )
    publishing.record_version(policy=policy, content=content)


def _midnight(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
