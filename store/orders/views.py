"""The shopper's page of one order: it asks Stripe first. Its URL cannot be guessed, and orders are listed nowhere."""

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from home.responses import private
from home.snapshot import current
from policies.ledger.views import proof_response
from policies.models import PolicyVersion
from store.documents import references
from store.models import Order
from store.models.tokens import may_be_token
from store.orders import asking, lifecycle, timeline, withdrawal
from store.orders.change_words import Change, words_of
from store.orders.cookies import is_own
from store.orders.find_views import not_found
from store.orders.situation import Situation
from store.orders.words import State
from store.payments import fulfilment

MOST_TEXTS = 200  # kept, each a few hundred bytes


@private
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """Show what was ordered and agreed, its progress and its money."""
    found = Order.objects.filter(token=token).first() if may_be_token(token) else None
    if found is None:
        return not_found(request)
    is_asking = not fulfilment.look(found)
    if found.session_id and found.status in Order.AWAITING_PAYMENT:
        found.refresh_from_db()
    _name_texts(found)
    prefetch_related_objects([found], "lines")
    situation = Situation.of(found, is_asking=is_asking)
    rows = timeline.money_rows(situation)
    lines = list(found.lines.all())
    may_correct = lifecycle.may_correct_address(situation, is_staff=False)
    own = is_own(request, found)
    is_saved = own and may_correct and request.GET.get("saved") == Change.ADDRESS
    context = {
        "order": found,
        "is_asking": situation.state in {State.ASKING, State.PAGE_CLOSED},
        "words": situation.words,
        "action_url": situation.action_url,
        "lines": lines,
        "steps": timeline.steps(situation, found.events.exclude(to_status="")),
        "rows": rows,
        "papers": references.listed(found) if found.paid_at else [],
        "left": sum(row.amount for row in rows),
        "parcels": found.parcels.all() if found.status == Order.Status.SENT else [],
        "withdrawal": [] if found.is_over else withdrawal.of_order(found, lines),
        "may_correct": may_correct,
        "may_cancel": found.status in Order.UNPACKED and not situation.cancel_obstacle,
        "is_own": own,
        "about": asking.about(found),
        "saved": words_of(Change.ADDRESS, found) if is_saved else None,
    }
    return render(request, "store/order.html", context)


def _name_texts(order: Order) -> None:
    """Give the order the texts that it names, without their words. They never change: each is read once a snapshot."""
    kept: dict[int | None, PolicyVersion] = current().value("texts of orders", dict)
    wanted = (order.terms_accepted_id, order.privacy_shown_id)
    missing = [pk for pk in wanted if pk and pk not in kept]
    texts = PolicyVersion.objects.select_related("policy").defer("record")
    read = texts.in_bulk(missing) if missing else {}
    if len(kept) < MOST_TEXTS:
        kept.update(read)
    order.terms_accepted, order.privacy_shown = (kept.get(pk) or read.get(pk) for pk in wanted)


@private
@require_safe
def proof(request: HttpRequest, token: str) -> HttpResponse:
    """Return the proof of which texts were accepted and shown when the order was placed."""
    found = get_object_or_404(Order.ledger_records().select_related("ledger_entry"), token=token)
    return proof_response(request, found, file_name=f"order-{found.number}-proof.json")
