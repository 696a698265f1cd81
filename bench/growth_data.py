"""Fills a database with as many products, versions, orders, consents and messages as one likes: `fill`.

The same sizes and seed make the same rows, but for times, which end today. What it makes is what the site would have
made: the ledger holds, `verify_policies` finds nothing, stock is what its movements say. Pictures share one file.
"""

import base64
import hashlib
import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from modelsearch.backends import get_search_backend
from PIL import Image
from post_office.models import STATUS, Email
from tqdm import tqdm
from wagtail.models import Locale, Page

from bench.growth_rows import insert, next_number, reset_sequences
from bench.texts import Author, body
from forms.models import FormField, FormPage, Submission
from home import mail_queue
from home.models import HomePage, SiteImage, SiteRendition, User
from home.search import backend
from policies.consent import daily_sums
from policies.ledger import entries, sealing
from policies.models import ConsentRecord, LedgerEntry, LedgerStatement, Policy, PolicyVersion
from policies.models.ledger import LedgeredModel
from policies.versions import publishing
from policies.versions.content import VersionContent
from store.documents import issuing
from store.models import (
    Basket,
    BasketLine,
    Carrier,
    CategoryPage,
    Document,
    DocumentCounter,
    DocumentSum,
    Offer,
    Order,
    OrderEvent,
    OrderLine,
    Parcel,
    ProductImage,
    ProductOption,
    ProductPage,
    ProductVariant,
    ShopPage,
    StockItem,
    StockMovement,
    StripeEvent,
    VatScheme,
)
from tests import factories

DAYS = 1000  # over which orders, consents and messages are spread; shorter than any of them is kept
SHELF = 40  # so that one product in 40 is sold out, and some are low
CATEGORY_COUNT = 10  # with a part of the products each
OFFERED = 100  # open offers, one for so many orders
NEW = 20  # orders that wait to be packed, whatever the size
CHUNK = 5000  # orders, consents and messages between two seals of the ledger
INDEXED_AT_ONCE = 10_000  # each time the index looks at all that it holds
CATEGORIES = ("analytics", "comfort")
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
STAFF = "bench@example.com"
NO_VAT = "No VAT is charged."
ORDER_COLUMNS = (
    "number placed_at status needs_attention email token return_token session_id payment_intent_id paid_at "
    "paid_amount customer_name id ledger_entry_id ledger_salt"
).split()
# Of a hundred orders that are over.
ENDS = ("sent",) * 85 + ("expired",) * 10 + ("cancelled",) * 3 + ("failed",) * 2
MESSAGE_COLUMNS = (
    "token submit_time form_data status email rating subject_kind subject_key subject_name expires_at"
).split()
# Of twenty messages that nobody has to answer any more.
MESSAGE_ENDS = ("done",) * 16 + ("answered",) * 3 + ("spam",)
Entered = tuple[LedgeredModel, datetime]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is of everything; an order has an event of Stripe, a paid one its invoice, one in ten a mail."""

    products: int
    versions: int
    orders: int
    consents: int
    messages: int

    @classmethod
    def of(cls, products: int, versions: int, rest: int) -> "Size":
        return cls(products=products, versions=versions, orders=rest, consents=rest, messages=rest)

    @property
    def steps(self) -> int:
        return 2 * self.products + self.versions + self.orders + self.consents + self.messages


def fill(size: Size, *, seed: int = 1, is_quiet: bool = False) -> None:
    """Fill a database that has been migrated and is empty otherwise."""
    now = timezone.now()
    with tqdm(total=size.steps, unit=" rows", unit_scale=True, disable=is_quiet) as progress:
        Filling(size, now, random.Random(seed), progress).run()  # noqa: S311 - the same each time, not a secret


class Filling:
    """One run; its methods stand in the order in which they are called."""

    def __init__(self, size: Size, now: datetime, dice: random.Random, progress: tqdm) -> None:
        self.size, self.now, self.dice, self.progress = size, now, dice, progress
        self.begin = now - timedelta(days=DAYS)
        self.sold: Counter[int] = Counter()
        self.entered = next_number(LedgerEntry)

    def run(self) -> None:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA cache_size = -600000")  # kB: random tokens go to all ends of an index
        self._pages()
        self._versions()
        self._products()
        self._records()
        self._stock()
        self._offers()
        reset_sequences(*self._numbered())
        backend.analyze()  # as the worker does
        if connection.vendor == "postgresql":  # which does so by itself; nobody does it for a site on SQLite
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")

    def _numbered(self) -> Sequence[type[Any]]:
        return (LedgerEntry, Order, Page, SiteImage, ConsentRecord, Submission, Document, Basket)

    def _pages(self) -> None:
        """Make staff, the shop, the form and the policies of which there is one each."""
        User.objects.create_superuser(email=STAFF, password="bench", first_name="Bench")  # noqa: S106
        home = HomePage.objects.get()
        self.shop = home.add_child(instance=ShopPage(title="Shop", slug="shop", show_in_menus=True))
        self.form = home.add_child(instance=FormPage(title="Contact", slug="contact", keep_days=3650))
        fields = (
            ("Your name", "singleline"),
            ("E-mail", "email"),
            ("Message", "multiline"),
            ("Rating", "rating"),
        )
        for order, (label, kind) in enumerate(fields):
            FormField.objects.create(page=self.form, label=label, field_type=kind, sort_order=order)
        self.categories = [
            self.shop.add_child(instance=CategoryPage(title=f"Category {at}")) for at in range(CATEGORY_COUNT)
        ]
        self.carrier = Carrier.objects.create(name="Post", tracking_url="https://post.example/{number}")
        factories.shipping()
        factories.vat(VatScheme.NOT_REGISTERED, not_registered_note=NO_VAT)
        for category in CATEGORIES:
            factories.declare_cookies(category)
        factories.cookie_policy()
        self.notice = PolicyVersion.objects.latest("pk")
        terms = factories.policy("terms", kind=Policy.Kind.TERMS)
        self.terms = factories.version(terms, at=self.begin)

    # --- Versions ------------------------------------------------------------------------------------------
    def _versions(self) -> None:
        """Import all but the last, which is published."""
        policy = factories.policy("privacy-policy", kind=Policy.Kind.PRIVACY)
        author = Author()
        pieces = author.policy(1000)
        for number in range(self.size.versions - 1):
            pieces = author.changed(pieces, 0.01)
            publishing.record_version(
                policy=policy,
                content=VersionContent(
                    title="Privacy policy",
                    body=body(pieces),
                    source={"format": "bench"},
                    effective_at=self.begin + timedelta(days=DAYS * number / self.size.versions),
                    change_summary=f"Change {number}.",
                    import_source=f"{number}.md",
                    import_sha256=hashlib.sha256(str(number).encode()).hexdigest(),
                ),
            )
            self.progress.update()
        page = factories.policy_page("Privacy policy", kind=Policy.Kind.PRIVACY)
        self.privacy = factories.publish(page)
        self.progress.update()
        self.entered = next_number(LedgerEntry)

    # --- Products ------------------------------------------------------------------------------------------
    def _products(self) -> None:
        """Make products, each with a picture of its own (all of the same file), two variants and its index entry."""
        first = self.product = next_number(Page)
        numbers = range(self.size.products)
        self._product_rows(first)
        self._pictures(first)
        for start in numbers[::INDEXED_AT_ONCE]:
            pictures = SiteImage.objects.prefetch_related("tags")
            for rows, begin in ((ProductPage.objects, first + start), (pictures, self.image + start)):
                found = rows.filter(pk__gte=begin).order_by("pk")[:INDEXED_AT_ONCE]
                get_search_backend().get_index_for_model(rows.model).add_items(rows.model, list(found))
            self.progress.update(len(numbers[start : start + INDEXED_AT_ONCE]))

    def _product_rows(self, first: int) -> None:
        step = self.shop.numchild + 1
        rows = (
            (
                first + at,
                Page._get_path(self.shop.path, self.shop.depth + 1, step + at),
                f"Product {at}, {self._word()}",
                f"Product {at}",
                f"product-{at}",
                f"{self.shop.url_path}product-{at}/",
                self._uuid(),
                self._at(at, self.size.products),
            )
            for at in range(self.size.products)
        )
        insert(
            Page,
            (
                "id",
                "path",
                "title",
                "draft_title",
                "slug",
                "url_path",
                "translation_key",
                "latest_revision_created_at",
            ),
            rows,
            depth=self.shop.depth + 1,
            live=True,
            content_type_id=ContentType.objects.get_for_model(ProductPage).pk,
            locale_id=Locale.get_default().pk,
            first_published_at=self.begin,
            last_published_at=self.begin,
        )
        Page.objects.filter(pk=self.shop.pk).update(numchild=self.shop.numchild + self.size.products)
        products = range(self.size.products)
        insert(ProductPage, ("page_ptr_id",), ((first + at,) for at in products), summary="As it should be.")
        variants = (
            (first + at, order, f"Size {order + 1}", sku(at, order), 500 + at % 5000 + 100 * order)
            for at in products
            for order in range(2)
        )
        insert(ProductVariant, ("page_id", "sort_order", "name", "sku", "price"), variants)
        own = ((first + at,) for at in products)
        insert(ProductOption, ("page_id",), own, name="Size", values="1, 2", sort_order=0)
        listed = ((first + at, self.categories[at % CATEGORY_COUNT].pk) for at in products)
        insert(ProductPage.categories.through, ("productpage_id", "categorypage_id"), listed)

    def _pictures(self, first: int) -> None:
        picture = BytesIO()
        Image.new("RGB", (1200, 900), "teal").save(picture, "PNG")
        model = SiteImage(title="Teal", file=ContentFile(picture.getvalue(), name="growth.png"))
        model.save()
        ProductImage.objects.create(page_id=first, image=model, sort_order=0)
        for path in ("/shop/", "/shop/product-0/"):
            Client(SERVER_NAME="localhost").get(path)  # makes the files of all sizes
        ProductImage.objects.all().delete()
        sizes = list(model.renditions.values_list("filter_spec", "file", "width", "height"))
        self.image = next_number(SiteImage)
        products = range(self.size.products)
        insert(
            SiteImage,
            ("id", "title"),
            ((self.image + at, f"Picture {at}") for at in products),
            file=model.file.name,
            width=1200,
            height=900,
            created_at=self.begin,
            collection_id=model.collection_id,
            file_size=len(picture.getvalue()),
        )
        insert(
            SiteRendition,
            ("image_id", "filter_spec", "file", "width", "height"),
            ((self.image + at, *one) for at in products for one in sizes),
            focal_point_key="",
        )
        insert(
            ProductImage,
            ("page_id", "image_id"),
            ((first + at, self.image + at) for at in products),
            sort_order=0,
        )
        self.progress.update(self.size.products)

    # --- What piles up ---------------------------------------------------------------------------------------
    def _records(self) -> None:
        """Make orders, consents and messages side by side in time, and seal the ledger as they come."""
        makers = (
            (self.size.orders, self._orders),
            (self.size.consents, self._consents),
            (self.size.messages, self._messages),
        )
        most = max(count for count, _make in makers)
        for start in range(0, most, CHUNK):
            for count, make in makers:
                chunk = range(min(start, count), min(start + CHUNK, count))
                if chunk:
                    make(chunk)
                    self.progress.update(len(chunk))
            reset_sequences(LedgerEntry)
            while LedgerEntry.objects.filter(position=None).count() >= sealing.BATCH_SIZE:
                sealing.seal(now=self.now)
        kinds = [model.ledger_kind for model in (Order, ConsentRecord, Submission, PolicyVersion)]
        entries.state(LedgerStatement.Type.TAKEN_IN, {"kinds": kinds}, at=self.now)
        sealing.seal_all(now=self.now)
        daily_sums.sum_finished_days(self.now)

    def _enter(self, records: Iterator[Entered]) -> Iterator[tuple[int, str]]:
        """Make the entry of each record, and yield its number and the record's salt.

        `records` may yield the same instance again and again, with other values in it.
        """
        rows, found = [], []
        for record, at in records:
            record.ledger_salt = f"{self.dice.getrandbits(128):032x}"
            rows.append((self.entered, at, record.ledger_leaf_sha256(at)))
            found.append((self.entered, record.ledger_salt))
            self.entered += 1
        insert(LedgerEntry, ("id", "time", "leaf_sha256"), rows, kind=record.ledger_kind)
        return iter(found)

    def _orders(self, chunk: range) -> None:
        order = Order(terms_accepted=self.terms, privacy_shown=self.privacy)
        first = next_number(Order)
        made = [self._order(at) for at in chunk]

        def records() -> Iterator[Entered]:
            for number, at, *_rest in made:
                order.number, order.placed_at = number, at
                yield order, at

        places = list(zip(range(first, first + len(made)), made, self._enter(records()), strict=True))
        insert(
            Order,
            ORDER_COLUMNS,
            ((*row[:-1], pk, *entry) for pk, row, entry in places),
            currency="GBP",
            paid_currency="GBP",
            subtotal=2000,
            shipping=395,
            total=2395,
            country="GB",
            shipping_name="Post",
            phone="+44 20 7946 0000",
            vat_scheme=VatScheme.NOT_REGISTERED,
            vat_note=NO_VAT,
            shipping_address={
                "name": "A Shopper",
                "line1": "1 High Street",
                "city": "London",
                "postcode": "N1",
            },
            terms_accepted_id=self.terms.pk,
            privacy_shown_id=self.privacy.pk,
            session_params={"mode": "payment", "line_items": [{"quantity": 2}] * 4},
        )
        lines = ((pk, sku(row[-1], 0), f"Product {row[-1]}") for pk, row, _entry in places)
        insert(OrderLine, ("order_id", "sku", "title"), lines, variant="Size 1", unit_price=1000, quantity=2)
        self._what_happened(places)
        self._invoices([(pk, row) for pk, row, _entry in places if row[2] in {"paid", "sent"}])

    def _order(self, at: int) -> tuple[Any, ...]:
        """Return one order's own values, and the number of the product that was bought."""
        placed, is_new = self._at(at, self.size.orders), at >= self.size.orders - NEW
        status = Order.Status.PAID if is_new else ENDS[self.dice.randrange(len(ENDS))]
        product = self.dice.randrange(self.size.products)
        number = at * 387_420_489 % 2**30  # odd: no two are alike
        letters = "".join(ALPHABET[number >> shift & 31] for shift in range(0, 30, 5))
        is_paid = status in {"paid", "sent"}
        if is_paid:
            self.sold[product] += 2
        shopper = self.dice.randrange(self.size.orders // 2 + 1)
        return (
            f"{placed:%y%m%d}-{letters}",
            placed,
            status,
            is_new and at % 4 == 0,
            f"shopper{shopper}@example.com",
            self._token(),
            self._token(),
            f"cs_{number:012d}",
            f"pi_{number:012d}",
            placed if is_paid else None,
            2395 if is_paid else 0,
            f"Shopper {shopper}",
            product,
        )

    def _what_happened(self, places: list[tuple[int, tuple[Any, ...], Any]]) -> None:
        """Write the history of orders, the movements of their stock, what Stripe told, and mails."""
        events, moved = [], []
        for pk, (_number, placed, status, *_rest, product), _entry in places:
            steps = ["placed", "awaiting", *(["paid"] if status == "sent" else []), status]
            before = ""
            for step in steps:
                events.append((pk, placed, before, step))
                before = step
            moved.append((sku(product, 0), "held", 0, 2, pk, placed))
            is_sold = status in {"paid", "sent"}
            moved.append(
                (sku(product, 0), "sold" if is_sold else "released", -2 if is_sold else 0, -2, pk, placed)
            )
        insert(OrderEvent, ("order_id", "happened_at", "from_status", "to_status"), events, by="Stripe")
        insert(StockMovement, ("sku", "kind", "on_hand_change", "held_change", "order_id", "made_at"), moved)
        left = ((pk, row[7], row[1]) for pk, row, _entry in places if row[2] == "sent")
        name = self.carrier.name
        insert(
            Parcel,
            ("order_id", "number", "sent_at"),
            left,
            carrier_id=self.carrier.pk,
            carrier_name=name,
            by=STAFF,
        )
        told = ((f"evt_{row[7]}", row[7], row[1], row[1]) for _pk, row, _entry in places)
        insert(
            StripeEvent,
            ("event_id", "object_id", "created_at", "received_at"),
            told,
            type="checkout.session.completed",
            object_kind="checkout.session",
            livemode=True,
            outcome="handled",
        )
        sent = ((row[4], f"Your order {row[0]}", row[1], row[1]) for _pk, row, _entry in places[::10])
        insert(
            Email,
            ("to", "subject", "created", "last_updated"),
            sent,
            from_email="shop@example.com",
            message="Thank you.\n" * 20,
            status=STATUS.sent,
            headers={mail_queue.READABLE: "yes"},
        )

    def _invoices(self, paid: list[tuple[int, tuple[Any, ...]]]) -> None:
        """Have one invoice issued, and give the other orders that are paid one with the same words."""
        if not paid:
            return
        (first, _row), *others = paid
        issuing.invoice(Order.objects.get(pk=first))
        like = Document.objects.get(order=first)
        last, start = int(like.number.removeprefix("INV-")), like.pk
        row_of = [
            (
                start + step,
                f"INV-{last + step:06}",
                pk,
                row[1],
                {**like.data, "number": f"INV-{last + step:06}"},
            )
            for step, (pk, row) in enumerate(others, 1)
        ]
        insert(
            Document,
            ("id", "number", "order_id", "issued_at", "data"),
            row_of,
            kind=like.kind,
            currency=like.currency,
            total=like.total,
            personal=like.personal,
            pdf="papers/growth.pdf",  # it is made already, as the worker would have
        )
        insert(DocumentSum, ("document_id",), ((row[0],) for row in row_of), gross=like.total, vat=0)
        DocumentCounter.objects.filter(series=like.kind).update(last_number=last + len(others))
        reset_sequences(Document)

    def _consents(self, chunk: range) -> None:
        record = ConsentRecord(notice_version=self.notice)
        made: list[tuple[Any, ...]] = []

        def records() -> Iterator[Entered]:
            for at in chunk:
                record.created_at = self._at(at, self.size.consents).replace(microsecond=0)
                record.expires_at = record.created_at + timedelta(days=183)
                record.public_id, record.gpc = self._uuid(), at % 9 == 0
                record.method = self.dice.choice(ConsentRecord.Method.values)
                allowed = {"all": (True, True), "none": (False, False)}.get(
                    record.method, (at % 2 == 0, at % 3 == 0)
                )
                record.choices = dict(zip(CATEGORIES, allowed, strict=True))
                kept = (
                    record.public_id,
                    record.created_at,
                    record.expires_at,
                    record.choices,
                    record.method,
                    record.gpc,
                )
                made.append(kept)
                yield record, record.created_at

        linked = self._enter(records())
        insert(
            ConsentRecord,
            (
                "public_id",
                "created_at",
                "expires_at",
                "choices",
                "method",
                "gpc",
                "ledger_entry_id",
                "ledger_salt",
            ),
            ((*row, *entry) for row, entry in zip(made, linked, strict=True)),
            notice_version_id=self.notice.pk,
        )

    def _messages(self, chunk: range) -> None:
        message = Submission(policy_version=self.privacy)
        made: list[tuple[Any, ...]] = []

        def records() -> Iterator[Entered]:
            for at in chunk:
                message.token, time = self._uuid(), self._at(at, self.size.messages)
                made.append((message.token, time, *self._message(at)))
                yield message, time

        linked = self._enter(records())
        insert(
            Submission,
            (*MESSAGE_COLUMNS, "ledger_entry_id", "ledger_salt"),
            ((*row, *entry) for row, entry in zip(made, linked, strict=True)),
            page_id=self.form.pk,
            policy_version_id=self.privacy.pk,
        )

    def _message(self, at: int) -> tuple[Any, ...]:
        """Return one message's own values but its token and time: one in ten has a rating, one in ten a product."""
        email, rating = f"visitor{at // 2}@example.com", self.dice.randint(1, 5) if at % 10 == 0 else None
        answers = {
            "your_name": f"Visitor {at}",
            "e_mail": email,
            "message": " ".join(self._word() for _ in range(20)),
            "rating": str(rating or ""),
        }
        is_new = at >= self.size.messages - NEW
        product = self.dice.randrange(self.size.products)
        subject = (
            ("product", str(self.product + product), f"Product {product}") if at % 10 == 1 else ("",) * 3
        )
        return (
            answers,
            "new" if is_new else MESSAGE_ENDS[at % len(MESSAGE_ENDS)],
            email,
            rating,
            *subject,
            self._at(at, self.size.messages) + timedelta(days=self.form.keep_days),
        )

    def _stock(self) -> None:
        """Receive what was sold and a few more of most."""
        there = [(sku(at, order), at % SHELF) for at in range(self.size.products) for order in range(2)]
        insert(StockItem, ("sku", "on_hand"), there, held=0)
        received = (
            (sku(at, order), at % SHELF + (self.sold[at] if order == 0 else 0))
            for at in range(self.size.products)
            for order in range(2)
        )
        insert(
            StockMovement,
            ("sku", "on_hand_change"),
            received,
            kind="received",
            held_change=0,
            made_at=self.begin,
        )

    def _offers(self) -> None:
        """Make open offers, each with its basket."""
        first, numbers = next_number(Basket), range(self.size.orders // OFFERED)
        day = timedelta(days=1)
        insert(
            Basket,
            ("id", "token", "created_at", "updated_at"),
            ((first + at, self._token(), self.now, self.now) for at in numbers),
        )
        lines = ((first + at, sku(at % self.size.products, 0)) for at in numbers)
        insert(BasketLine, ("basket_id", "sku"), lines, quantity=2)
        made = ((first + at, f"customer{at}@example.com", self.now - at % 7 * day) for at in numbers)
        insert(Offer, ("basket_id", "email", "created_at"), made, ends_at=self.now + day, by=STAFF)

    # --- Chance ----------------------------------------------------------------------------------------------
    def _at(self, place: int, count: int) -> datetime:
        return self.begin + timedelta(days=DAYS * (place + 0.5) / count)

    def _word(self) -> str:
        return f"{self.dice.getrandbits(24):06x}"

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def _token(self) -> str:
        return base64.urlsafe_b64encode(self.dice.randbytes(32)).rstrip(b"=").decode()


def sku(product: int, order: int) -> str:
    return f"SKU-{product}-{order}"
