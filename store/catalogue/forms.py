"""The editor's form of a product: refuses the same SKU twice, and publishing without one.

It checks what was typed; whether another product has a SKU is checked by the variant's constraint.
"""

from typing import Any

from django.forms import ModelForm
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm


class ProductPageForm(WagtailAdminPageForm):
    def clean(self) -> dict[str, Any]:
        """Refuse the same SKU twice, and publishing without any."""
        cleaned = super().clean()
        if "variants" not in self.formsets:
            return cleaned
        seen: set[str] = set()
        for form in self._variant_forms():
            sku = form.cleaned_data["sku"]
            if sku in seen:
                form.add_error("sku", _("Another variant has this SKU."))
            seen.add(sku)
        if not seen and not self.is_deferred_validation:
            self.add_error(None, _("Give at least one variant a SKU before you publish."))
        return cleaned

    def _variant_forms(self) -> list[ModelForm]:
        """Return the forms of the variants that stay and have a SKU."""
        formset = self.formsets["variants"]
        formset.is_valid()  # reads what was typed
        return [
            form
            for form in formset.forms
            if getattr(form, "cleaned_data", {}).get("sku") and not form.cleaned_data.get("DELETE")
        ]
