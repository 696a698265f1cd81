"""Packing slips: what goes into the parcel of an order, with pictures to find it by. No prices: it may be a present."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from home.models import BrandSettings
from store.documents.letters import LEFT, RIGHT, Column, LetterFile
from store.models import Order, OrderLine, ProductVariant
from store.models.catalogue import images_of
from store.orders import addresses

RENDITION = "format-jpeg|width-192"  # that of the basket
PICTURE, BOX = 18, 6  # mm
QUANTITY = Column(title="", x=LEFT + BOX + PICTURE + 6, width=20)
PRODUCT = Column(title="", x=QUANTITY.x + QUANTITY.width + 4, width=RIGHT - QUANTITY.x - QUANTITY.width - 4)


def render(orders: Sequence[Order]) -> bytes:
    """Return the packing slips of orders, one or more, as one PDF; what was taken back is left out."""
    prefetch_related_objects(orders, "lines__refund_lines__refund")
    with translation.override(settings.LANGUAGE_CODE):
        title = _name(orders[0]) if len(orders) == 1 else _("Packing slips")
        pdf = _SlipFile(title=title, made_on=timezone.localdate())
        pdf.brand = BrandSettings.copied()
        pdf.pictures = _pictures(line.sku for order in orders for line in order.lines.all())
        for order in orders:
            pdf.add_slip(order)
        return bytes(pdf.output())


def _name(order: Order) -> str:
    return _("Packing slip %(number)s") % {"number": order.number}


def _pictures(skus: Iterable[str]) -> dict[str, bytes]:
    """Return the picture of each variant that is still for sale, by SKU."""
    variants = ProductVariant.objects.on_sale().filter(sku__in={*skus}).select_related("picture")
    image_of = images_of(variants)
    prefetch_related_objects([image for image in image_of.values() if not image.is_svg()], "renditions")
    files = {sku: image.content(RENDITION) for sku, image in image_of.items()}
    return {sku: file for sku, file in files.items() if file}


class _SlipFile(LetterFile):
    pictures: dict[str, bytes]  # by SKU

    def add_slip(self, order: Order) -> None:
        """Print the slip of an order on pages of its own."""
        brand = self.brand
        address = [line for line in brand.address_lines if line != brand.name]
        lines = [line for line in order.lines.all() if line.kept]
        self.begin(_name(order))
        self.letterhead([brand.name, *address])
        details = {
            _("Order"): order.number,
            _("Ordered on"): date_format(timezone.localtime(order.placed_at), "DATE_FORMAT"),
            _("Delivery"): order.shipping_name,
            _("Items"): str(sum(line.kept for line in lines)),
        }
        self.address(addresses.of_delivery(order), sender=brand.address_lines, details=details)
        self.headline()
        self.columns = [
            Column(title="", x=LEFT, width=BOX),
            Column(title=_("Quantity"), x=QUANTITY.x, width=QUANTITY.width),
            Column(title=_("Product"), x=PRODUCT.x, width=PRODUCT.width),
        ]
        self.heading()
        for line in lines:
            self._line(line)
        self.columns = ()
        # Of a present somebody else reads the slip, whom a note to the shop does not concern.
        note = _("Note of the shopper: %(note)s") % {"note": order.shopper_note} if order.shopper_note else ""
        if words := order.gift_message or note:
            self.set_font(style="", size=11)
            self.block(["", words], x=LEFT, width=RIGHT - LEFT, height=6)
        self.end([], foot=" · ".join(filter(None, [brand.email, brand.phone])))

    def _line(self, line: OrderLine) -> None:
        self.set_font(style="", size=11)
        words = self.wrapped("\n".join(filter(None, (str(line), line.written))), PRODUCT.width)
        height = max(PICTURE, 6 * len(words) + 8) + 3
        if self.will_page_break(height):
            self.add_page()
        top = self.y
        self.rect(LEFT, top + 1, BOX, BOX)
        if picture := self.pictures.get(line.sku):
            self._picture(picture, y=top)
        self.set_font(style="B", size=20)
        self.set_xy(QUANTITY.x, top)
        self.cell(QUANTITY.width, 9, f"{line.kept} ×")
        self.set_font(style="", size=11)
        self.y = top + 1
        self.block(words, x=PRODUCT.x, width=PRODUCT.width, height=6)
        self.set_font(size=9)
        self.block([line.sku], x=PRODUCT.x, width=PRODUCT.width, height=5)
        self.y = top + height

    def _picture(self, picture: bytes, *, y: float) -> None:
        try:
            self.image(BytesIO(picture), x=LEFT + BOX + 3, y=y, w=PICTURE, h=PICTURE, keep_aspect_ratio=True)
        except Exception:  # noqa: BLE001 - what is in a picture, or is wrong with it, nobody knows before
            return
