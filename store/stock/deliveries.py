"""Deliveries and counts from a CSV file: a preview of what changes, then all of it as movements, or nothing."""

from collections import Counter
from collections.abc import Sequence

from django.contrib.auth.decorators import permission_required
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from home.table_uploads import NotAppliedError, Planned, Row, UploadView
from store.models import ProductVariant, StockItem, StockMovement
from store.models.stock import MOST_OF_A_SKU, SeenStock
from store.stock import movements
from store.stock.movements import Correction, Kind

NAMED = 5  # SKUs in a message
LENGTH = len(str(MOST_OF_A_SKU))


def _number(cell: str) -> int | None:
    """Return a whole number that one change may have; None for anything else."""
    number = int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= LENGTH else None
    return number if number is not None and number <= MOST_OF_A_SKU else None


def _correction(row: Row, seen: SeenStock) -> Correction | None:
    """Return what a row says about its stock; None where it says nothing clear."""
    delivered, counted = row.cells["delivered"], row.cells["counted"]
    number = _number(delivered or counted)
    if bool(delivered) == bool(counted) or number is None:
        return None
    return Correction(
        seen, *((seen.on_hand + number, Kind.RECEIVED) if delivered else (number, Kind.COUNTED))
    )


@method_decorator(permission_required("store.change_stockitem", raise_exception=True), name="dispatch")
class DeliveriesView(UploadView):
    page_title = _("Deliveries and counts")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    columns = {"sku": _("SKU"), "delivered": _("Delivered"), "counted": _("Counted")}
    required = ("sku",)
    headings = (_("SKU"), _("Product"), _("What"), _("On the shelf now"), _("Afterwards"))
    introduction = _(
        "A CSV file with the column SKU and one or both of Delivered (added to the stock) and Counted (replaces it). "
        "Its first row names the columns."
    )
    example = "SKU,Delivered,Counted\nMUG,12,\nATLAS,,3"
    list_url, list_label = "stock:index", _("Stock")

    def plan(self, rows: list[Row]) -> list[Planned]:
        skus = {row.cells["sku"] for row in rows}
        times = Counter(row.cells["sku"] for row in rows)
        variants = ProductVariant.objects.filter(sku__in=skus).select_related("page")
        names = {one.sku: one.in_full for one in variants}
        known = {*names, *StockItem.objects.filter(sku__in=skus).values_list("sku", flat=True)}
        seen = StockItem.objects.seen(skus)
        return [
            self._planned(row, names.get(row.cells["sku"], ""), seen[row.cells["sku"]], known, times)
            for row in rows
        ]

    def _planned(self, row: Row, name: str, seen: SeenStock, known: set[str], times: Counter[str]) -> Planned:
        change, problem = _correction(row, seen), ""
        if seen.sku not in known:
            problem = gettext("No product has this SKU.")
        elif times[seen.sku] > 1:
            problem = gettext("This SKU is in several rows.")
        elif change is None:
            words = gettext("Enter one whole number from 0 to %s, as delivered or as counted.")
            problem = words % MOST_OF_A_SKU
        elif change.to < seen.held:
            problem = gettext("%s are held for open payments.") % seen.held
        what = change.kind.label if change else ", ".join(filter(None, [*row.cells.values()][1:]))
        shown = (seen.sku, name, what, seen.on_hand, change.to if change else "–")
        return Planned(row, shown, problem, str(seen))

    def apply(self, rows: list[Row], seen: list[str]) -> str:
        assert self.request.user.is_authenticated
        shown = {one.sku: one for one in map(SeenStock.read, seen)}
        try:
            found = [_correction(row, shown[row.cells["sku"]]) for row in rows]
            changes = [one for one in found if one and one.to != one.seen.on_hand]
            movements.correct_all(changes, by=self.request.user, note=gettext("from a file"))
        except movements.StockChangedError as error:
            raise NotAppliedError(_what_changed(error.skus)) from error
        except movements.OutOfStockError as error:
            words = gettext("%s: more is held for open payments than would be left.") % error.sku
            raise NotAppliedError(words) from error
        words = ngettext(
            "The stock of %s SKU was changed.", "The stock of %s SKUs was changed.", len(changes)
        )
        return words % len(changes)


def _what_changed(skus: Sequence[str]) -> str:
    """Name what was changed by hand since the preview, and by whom."""
    made = [
        StockMovement.objects.filter(sku=sku, order=None).select_related("made_by").first()
        for sku in skus[:NAMED]
    ]
    changes = ", ".join(
        f"{one.sku} ({one.get_kind_display()} {one.on_hand_change:+d}, {one.made_by or '–'})"
        for one in made
        if one
    )
    more = " …" if len(skus) > NAMED else ""
    return gettext("Since the preview stock was changed by hand: %s") % f"{changes}{more}."
