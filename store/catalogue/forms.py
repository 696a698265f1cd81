"""The editor's form of a product: gives variants an SKU, refuses the same twice, and reads what was counted.

It checks what was typed; whether another product has a SKU is checked by the variant's constraint.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm

from store.catalogue import options as options_of
from store.catalogue import skus
from store.catalogue.variant_form import AS_THE_FIRST, VariantForm
from store.models.stock import StockItem


class ProductPageForm(WagtailAdminPageForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        """Give each variant's form the stock of its SKU."""
        super().__init__(*args, **options)
        if variants := self.formsets.get("variants"):
            stock = StockItem.objects.seen(one.sku for one in self.instance.variants.all() if one.sku)
            variants.form_kwargs.update(for_user=self.for_user, stock=stock)

    def clean_summary(self) -> str:
        """Make one line of what a field that grows lets be typed in several."""
        return " ".join(self.cleaned_data["summary"].split())

    def clean(self) -> dict[str, Any]:
        """Refuse the same SKU twice, and a stock that cannot be."""
        cleaned = super().clean()
        forms = self._variant_forms()
        self._new_names = self._names_to_make(forms)
        self._fill_skus(forms)
        _fill_as_the_first(forms)
        seen: set[str] = set()
        for form in forms:
            sku = form.cleaned_data["sku"]
            if sku in seen:
                form.add_error("sku", _("Another variant has this SKU."))
            seen.add(sku)
        stock = StockItem.objects.seen(seen)
        for form in forms:
            if form.is_valid():
                form.read_count(stock[form.cleaned_data["sku"]])
        return cleaned

    def save(self, *args: Any, **options: Any) -> Any:
        """Add the variants that the options make. Note on the page what was counted; the page does not store it."""
        page = super().save(*args, **options)
        forms = self._variant_forms()
        page.counts = [form.count for form in forms if form.count]
        if forms and options_of.BY_PERSON in self.data:
            self._make_variants(page, forms)
        return page

    def _names_to_make(self, forms: Sequence[VariantForm]) -> list[str]:
        """Return the combinations to make. The first is the one variant of a new product, if it has no name."""
        made = [*self.instance.combinations_made, *(form.cleaned_data["name"] for form in forms)]
        values = [
            options_of.values_of(form.cleaned_data["values"]) for form in self._forms_of("options", "values")
        ]
        try:
            names = options_of.combinations(values, made=made, others=len(forms))
        except ValidationError as error:
            self.add_error(None, error)
            return []
        is_new = self.instance.first_published_at is None and options_of.BY_PERSON in self.data
        if is_new and names and len(forms) == 1 and not forms[0].cleaned_data["name"]:
            forms[0].fill("name", names[0])
            self.instance.combinations_made = [*self.instance.combinations_made, names.pop(0)]
        return names

    def _make_variants(self, page: Any, forms: Sequence[VariantForm]) -> None:
        first, title = forms[0].cleaned_data, self.cleaned_data["title"]
        same = {name: first[name] for name in AS_THE_FIRST}
        taken = {form.cleaned_data["sku"] for form in forms} | self._known(skus.stem_of(title, ""))
        for place, name in enumerate(self._new_names, start=len(page.variants.all())):
            sku = skus.first_free(skus.stem_of(title, name), taken)
            taken.add(sku)
            page.variants.add(page.variants.model(name=name, sku=sku, sort_order=place, **same))
        page.combinations_made = [*page.combinations_made, *self._new_names]

    def _fill_skus(self, forms: Sequence[VariantForm]) -> None:
        """Make the SKUs that were left empty; one that is known for other goods is not given again."""
        nameless = [form for form in forms if not form.cleaned_data["sku"]]
        title = self.cleaned_data.get("title", "")
        stems = {form: skus.stem_of(title, form.cleaned_data["name"]) for form in nameless}
        typed = {form.cleaned_data["sku"] for form in forms}
        for form, stem in stems.items():
            sku = skus.first_free(stem, typed | self._known(stem, form.instance.pk))
            typed.add(sku)
            form.fill_sku(sku)

    def _known(self, stem: str, own_pk: int | None = None) -> set[str]:
        """Return the SKUs like this one that other variants have, or the stock."""
        variants = self.instance.variants.model.objects.all()
        own = variants.filter(pk=own_pk).values_list("sku", flat=True)
        like = {"sku__startswith": stem[: skus.MOST_CHARACTERS - 8]}
        others = variants.exclude(pk=own_pk).filter(**like).values_list("sku", flat=True)
        in_stock = StockItem.objects.filter(**like).exclude(sku__in=own).values_list("sku", flat=True)
        return {*others, *in_stock}

    def _variant_forms(self) -> list[VariantForm]:
        return self._forms_of("variants", "sku")

    def _forms_of(self, relation: str, name: str) -> list[Any]:
        """Return the forms of the parts that stay, as far as this field of them can be read."""
        formset = self.formsets.get(relation)
        if formset is None:
            return []
        formset.is_valid()  # reads what was typed
        return [
            form
            for form in formset.forms
            if name in getattr(form, "cleaned_data", {}) and not form.cleaned_data.get("DELETE")
        ]


def _fill_as_the_first(forms: Sequence[VariantForm]) -> None:
    for name in AS_THE_FIRST:
        read = [form for form in forms if name not in form.errors]
        values = [form.cleaned_data.get(name) for form in read]
        first = next((value for value in values if value not in ("", None)), None)
        for form, value in zip(read, values, strict=True):
            if value in ("", None):
                form.fill(name, first)
