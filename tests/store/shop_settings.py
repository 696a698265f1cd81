"""Settings → Shop, saved as the owner does."""

from django.test import Client

from store.models import ShopSettings


def save(client: Client, **changes: str) -> str:
    """Save Settings → Shop as the owner does, and return the page that follows."""
    shop = ShopSettings.current()
    typed = {field.name: field.value_from_object(shop) for field in shop._meta.fields}
    typed = {name: value for name, value in typed.items() if value is not None and value is not False}
    url = f"/admin/settings/store/shopsettings/{shop.site_id}/"
    rows = {"closed-TOTAL_FORMS": "0", "closed-INITIAL_FORMS": "0"}
    page = client.post(url, {**typed, **rows, **changes}, follow=True)
    assert page.status_code == 200
    return page.content.decode()
