"""The editor's form of one variant, with its stock, which is no part of the page.

The form reads how many were counted against what it showed; `store.stock.product_form` saves that when a person does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_currency_symbol
from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import InlinePanel, MultiFieldPanel
from wagtail.admin.panels.base import get_form_for_model

from store.models.stock import MOST_OF_A_SKU, SeenStock

# Left empty, they are filled with what the first variant has that has any.
AS_THE_FIRST = ("price", "weight", "hs_code", "origin")


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many of a SKU were counted, against what was seen."""

    seen: SeenStock
    counted: int


class VariantForm(WagtailAdminModelForm):
    in_stock = forms.IntegerField(
        label=gettext_lazy("In stock"), min_value=0, max_value=MOST_OF_A_SKU, required=False
    )
    stock_seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=100)

    def __init__(self, *args: Any, stock: Mapping[str, SeenStock], **options: Any) -> None:
        """Show the stock as it is; who may not change stock cannot type into it."""
        super().__init__(*args, **options)
        self.count: Count | None = None
        price = self.fields["price"]
        price.required = False  # the product's form fills it
        price.label = _("Price in %(currency)s") % {"currency": get_currency_symbol(settings.CURRENCY)}
        if str(self.prefix).endswith("-0"):
            price.help_text = _("Tax included.")
        self.fields["in_stock"].disabled = not self.for_user.has_perm("store.change_stockitem")
        if seen := stock.get(self.instance.sku):
            self.initial.update(in_stock=seen.on_hand, stock_seen=str(seen))
            if seen.held:
                words = _("%(held)s of them are held for open payments.")
                self.fields["in_stock"].help_text = words % {"held": seen.held}
            elif not seen.on_hand:
                self.fields["in_stock"].help_text = _("Shoppers cannot order this now.")

    def fill_sku(self, sku: str) -> None:
        """Take the SKU that was made for it."""
        self.cleaned_data["sku"] = self.instance.sku = sku
        self.changed_data.append("sku")

    def fill(self, name: str, value: Any) -> None:
        """Take what another variant has in a field that was left empty; all need a price."""
        if value not in self.fields[name].empty_values:
            self.cleaned_data[name] = value
            setattr(self.instance, name, value)
            self.changed_data.append(name)
        elif name == "price":
            self.add_error(name, _("Enter a price."))

    def read_count(self, now: SeenStock) -> None:
        """Find out whether somebody typed another number than was shown, and whether that can be."""
        typed, seen = self.cleaned_data.get("in_stock"), SeenStock.read(self.cleaned_data["stock_seen"])
        was_shown = seen.on_hand if seen.sku else None
        if self.fields["in_stock"].disabled or typed is None or typed == was_shown:
            return
        if seen.sku != now.sku and now.on_hand:  # another SKU than was shown, with a stock of its own
            self._refuse(_("This SKU has %(on_hand)s in stock already. Check the number."), now)
        elif seen.sku == now.sku and seen.last_change != now.last_change:
            self._refuse(_("The stock was changed meanwhile: it is %(on_hand)s. Check the number."), now)
        elif (left := now.on_hand + typed - (seen.on_hand if seen.sku == now.sku else 0)) < now.held:
            self._refuse(_("%(held)s are held for open payments. The stock cannot be less."), now)
        elif left != now.on_hand:
            self.count = Count(seen=seen if seen.sku == now.sku else now, counted=typed)

    def _refuse(self, words: str, now: SeenStock) -> None:
        self.add_error("in_stock", words % {"on_hand": now.on_hand, "held": now.held})
        # What is typed next is compared with what the error says.
        self.data = {**self.data, self.add_prefix("stock_seen"): str(now)}


class FoldedPanel(MultiFieldPanel):
    """Fields inside a variant that are folded away until somebody needs them."""

    class BoundPanel(MultiFieldPanel.BoundPanel):
        template_name = "store/admin/folded_panel.html"

        def __init__(self, **options: Any) -> None:
            """Leave the heading to the template of its own."""
            super().__init__(**options)
            self.heading = ""


class VariantsPanel(InlinePanel):
    """The variants of a product, each with its stock."""

    def get_form_options(self) -> dict[str, Any]:
        """Take our form, which `InlinePanel` has no option for."""
        options = super().get_form_options()
        formset = options["formsets"][self.relation_name]
        formset["form"] = get_form_for_model(
            self.db_field.related_model,
            form_class=VariantForm,
            defer_required_on_fields=self.child_edit_handler.get_form_options()["defer_required_on_fields"],
        )
        return options
