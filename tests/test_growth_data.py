"""What the benchmarks fill a database with is what the site would have made itself."""

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from bench.growth_data import NEW, Size, fill
from forms.models import Submission
from policies.ledger import verification
from policies.models import ConsentRecord
from store.models import Document, DocumentCounter, Order, StockItem, StockMovement

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_filled_in_holds(client: Client) -> None:
    fill(Size.of(3, 2, 30), is_quiet=True)
    assert list(verification.findings(now=timezone.now())) == []
    assert Order.objects.count() == ConsentRecord.objects.count() == 30
    moved = StockMovement.objects.values("sku").annotate(stock=Sum("on_hand_change"), held=Sum("held_change"))
    known = {one["sku"]: (one["stock"], max(one["held"], 0)) for one in moved}
    assert {item.sku: (item.on_hand, item.held) for item in StockItem.objects.all()} == known
    for order in (Order.objects.earliest("pk"), Order.objects.latest("pk")):
        assert client.get(order.get_absolute_url()).status_code == 200
    paid = Order.objects.filter(status__in=["paid", "sent"])
    assert Document.objects.filter(order__in=paid).count() == Document.objects.count() == paid.count()
    assert DocumentCounter.next_number("invoice") == paid.count() + 1
    assert {sum(row.gross for row in paper.sums.all()) for paper in Document.objects.all()} == {2395}
    messages = Submission.objects.all()
    assert messages.open().count() == NEW
    assert messages.exclude(rating=None).count() == messages.filter(subject_kind="product").count() == 3
    assert client.get("/shop/").content.count(b"<picture>") == 3
    fresh = ConsentRecord.objects.latest("pk")
    assert ConsentRecord.objects.filter(pk__lte=fresh.pk).count() == 30
