"""Facts that policies state: changed at their source, or typed into a text by hand."""

from django.utils import timezone
from hypothesis import strategies as st
from wagtail.models import Site

from home.models import BrandSettings
from policies.facts.registry import KnownValue
from policies.models import Policy, PolicyPage
from policies.versions import publication_preview
from policies.versions.dashboard import PolicyStatus, statuses

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "key", "label", "days", "cookies", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
CARRIER = {
    "name": "Parcelhare",
    "data": "Name, address",
    "purpose": "Delivers parcels",
    "country": "United Kingdom",
    "contract": "Contract of carriage",
}
STREET = KnownValue("company", "street", "1 Example Street")
IN_TEXT = "<h2>Who we are</h2><p>Write to 1 Example Street.</p>"


def set_brand(**values: str) -> None:
    brand = BrandSettings.for_site(Site.objects.get())
    for name, value in values.items():
        setattr(brand, name, value)
    brand.save()


def typed_in_draft(page: PolicyPage) -> list[tuple[str, str, bool]]:
    found = publication_preview.preview_latest_draft(PolicyPage.objects.get(pk=page.pk).specific).typed_values
    return [(one.value, one.label, one.holds) for one in found]


def status(slug: str = "house-rules") -> PolicyStatus:
    [found] = statuses(Policy.objects.filter(slug=slug), now=timezone.now())
    return found
