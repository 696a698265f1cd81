"""Credit notes: what stands on them, worked out by hand, and that papers sum to what is left."""

from contextlib import suppress
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.formats import date_format
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from home.models import User
from store.documents import issuing
from store.documents.corrections import NothingToCorrectError, correct_billing_address
from store.models import Document, Order, Refund, VatScheme
from store.orders import lifecycle
from store.payments import refunds
from store.payments.refunds import Wanted
from tests import factories
from tests.conftest import SOAK
from tests.store.papers import books, left, line, ordered, papers, refund
from tests.store.paying import in_dashboard, pay_in_cash
from tests.store.refunding import fail, pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered")]
Kind = Document.Kind
D = Decimal


# --- Credit notes ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scheme", [VatScheme.RATES, VatScheme.NOT_REGISTERED])
def test_later_papers_have_the_vat_number_of_the_first(scheme: str) -> None:
    order = pay_in_cash(ordered(MUG=2))
    factories.shop_settings(
        vat_scheme=scheme, vat_number="XI999999973", not_registered_note="Small business."
    )
    refund(order, amount=500, reason="Late.")
    assert [paper.vat_number for paper in papers(order)] == ["GB999999973"] * 2


def test_a_refund_by_line_takes_the_share_of_the_line_by_hand() -> None:
    books()
    order = pay_in_cash(ordered(MUG=2, ATLAS=1, discount=330))
    # A mug is 12.50 less a tenth: 11.25, of which 1.88 is VAT: 4.25 of 25.49 less 2.37 of 14.24.
    refund(order, lines={line(order, "MUG"): 1}, reason="Broken.")
    note = papers(order)[1]
    assert (note.kind, note.number, note.total, note.discount) == ("credit_note", "CN-000001", 1125, 125)
    assert [(one.title, one.quantity, one.total) for one in note.lines] == [("Enamel mug", 1, 1250)]
    assert note.vat == (("20.00", 1125, 188),)
    today = f"{date_format(timezone.localdate())}"
    assert note.notes == (f"This credit note corrects invoice INV-000001 of {today}.",)
    assert note.reasons == ("Reason: Broken.",)
    document = order.documents.get(kind=Kind.CREDIT_NOTE)
    assert (document.corrects.number, document.refund) == ("INV-000001", order.refunds.get())
    assert left(order) == {D(20): (1424, 237), D(5): (816, 39)}
    assert list(document.sums.values_list("gross", "vat")) == [(-1125, -188)]


def test_delivery_is_credited_as_it_was_divided_and_a_sum_where_most_is_left() -> None:
    books()
    order = pay_in_cash(ordered(MUG=2, ATLAS=1))
    refund(order, delivery=395)
    assert papers(order)[1].vat == (("20.00", 299, 50), ("5.00", 96, 5))
    refund(order, amount=330, reason="Late.")
    note = papers(order)[2]
    assert note.vat == (("20.00", 250, 42), ("5.00", 80, 4))
    assert [(one.title, one.total) for one in note.lines] == [("Refund", 330)]


def test_a_line_is_credited_with_its_own_rate_and_delivery_with_both() -> None:
    books()
    order = pay_in_cash(ordered(MUG=2, ATLAS=1))
    refund(order, lines={line(order, "ATLAS"): 1}, delivery=395)
    assert papers(order)[1].vat == (("20.00", 299, 50), ("5.00", 896, 43))
    assert left(order) == {D(20): (2500, 417), D(5): (0, 0)}


def test_the_last_coin_of_a_discount_is_part_of_the_discount() -> None:
    order = pay_in_cash(ordered(MUG=3, discount=100))
    refund(order, lines={line(order, "MUG"): 1})  # a third of 36.50: 12.16
    note = papers(order)[1]
    assert ([one.total for one in note.lines], note.discount, note.total) == ([1250], 34, 1216)


def test_a_line_for_another_sum_says_what_it_differs_by() -> None:
    order = pay_in_cash(ordered(MUG=2))
    refund(order, lines={line(order, "MUG"): 1}, amount=1000, reason="It was used.")
    assert [(one.title, one.total) for one in papers(order)[1].lines] == [
        ("Enamel mug", 1250),
        ("Adjustment", -250),
    ]
    assert papers(order)[1].total == 1000


def test_a_refund_that_is_refused_or_waits_for_an_answer_has_no_credit_note(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    sandbox.faults.add(operation="refund", kind="drop_before", times=3)
    assert refund(order, amount=100, reason="Late.").status == Refund.Status.REQUESTED
    assert len(papers(order)) == 1
    sandbox.faults.clear()
    later = timezone.now() + 2 * refunds.PATIENCE
    for _ in range(2):
        refunds.bring_up_to_date(order=order, now=later)
    assert [paper.total for paper in papers(order)] == [2895, 100]


def test_a_refund_from_stripes_dashboard_has_a_credit_note(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    in_dashboard(sandbox, order, amount=1000)
    for _ in range(2):
        refunds.bring_up_to_date(order=order)
    assert [(paper.kind, paper.total) for paper in papers(order)] == [
        ("invoice", 2895),
        ("credit_note", 1000),
    ]


def test_what_the_bank_sends_back_is_invoiced_again_and_can_be_refunded_again(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    first = refund(order, lines={line(order, "MUG"): 1})
    refund(order, amount=333, reason="Late.")
    fail(sandbox, first.refund_id)
    for _ in range(2):
        refunds.bring_up_to_date(order=order)
    again = papers(order)[3]
    assert (again.kind, again.number, again.total) == ("invoice", "INV-000002", 1250)
    assert again.notes[0].startswith(
        "The bank sent the refund back. This invoice corrects credit note CN-000001 of"
    )
    assert left(order) == {D(20): (2562, 427)}
    refund(order, amount=order.refundable)
    note = order.documents.get(number="CN-000003")
    assert note.corrects.number == "INV-000001"
    assert left(order) == {D(20): (0, 0)}


def test_a_dispute_is_no_paper(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    order.disputes.create(
        dispute_id="dp_1", amount=2895, status="lost", reason="x", created_at=timezone.now()
    )
    refunds.bring_up_to_date(order=order)
    assert len(papers(order)) == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["mug", "atlas", "sum", "delivery", "all", "fails", "fails", "address"]),
        st.integers(1, 900),
    ),
    max_size=7,
)


@settings(max_examples=20 if SOAK == 1 else 200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mugs=st.integers(1, 3),
    atlases=st.integers(0, 2),
    discount=st.integers(0, 1000),
    more=st.sampled_from([0, 0, 500, -748]),
    steps=STEPS,
)
@example(
    mugs=2, atlases=0, discount=0, more=500, steps=[("sum", 500), ("all", 0), ("fails", 0), ("fails", 1)]
)
@example(mugs=2, atlases=1, discount=0, more=-748, steps=[("mug", 0), ("all", 0), ("fails", 1), ("fails", 0)])
def test_papers_of_any_refunds_leave_what_is_due(
    atlas: None, mugs: int, atlases: int, discount: int, more: int, steps: list[tuple[str, int]]
) -> None:
    """Also where `more` was paid than ordered, and of refunds that did not arrive."""
    order = ordered(MUG=mugs, **({"ATLAS": atlases} if atlases else {}), discount=discount)
    order = pay_in_cash(order, amount=order.total + more)
    for what, amount in [*steps, ("all", 0)]:
        with suppress(refunds.RefundError, NothingToCorrectError):
            happen(order, what, amount)
        order.refresh_from_db()
        counted = min(order.paid_amount, order.total)
        found = left(order)
        due = order.total * min(order.refundable, counted) // counted
        assert sum(gross for gross, _vat in found.values()) == due
        assert all(gross >= 0 for gross, _vat in found.values())
        for percent, (gross, vat) in found.items():
            assert vat == issuing.sums.included(gross, percent or D(0))
        for one in papers(order):
            assert sum(line.total for line in one.lines) - one.discount == one.total
            assert sum(gross for _percent, gross, _vat in one.vat) == one.total
    assert not any(gross or vat for gross, vat in left(order).values())


def happen(order: Order, what: str, amount: int) -> None:
    """Refund something, let a refund fail, or correct the billing address."""
    kept = {one.sku: one for one in order.lines_with_refunds() if one.kept}
    wanted = Wanted(amount=amount, reason="Late.")
    match what:
        case "mug" | "atlas" if what.upper() in kept:
            wanted = Wanted(lines={kept[what.upper()].pk: 1})
        case "delivery":
            wanted = Wanted(delivery=refunds.delivery_left(order))
        case "all":
            wanted = refunds.everything(order)
        case "address":
            correct_billing_address(order_id=order.pk, address={"name": f"Name {amount}"}, actor=staff())
            return
        case "fails":
            arrived = [*order.refunds.filter(status=Refund.Status.SUCCEEDED)]
            for refund in arrived[amount % max(1, len(arrived)) :][:1]:
                Refund.objects.filter(pk=refund.pk).update(status=Refund.Status.FAILED)
            with lifecycle.locked(order.pk) as fresh:
                issuing.follow_refunds(fresh)
            return
    refunds.request_refund(order=order, wanted=wanted, by="Staff")


def staff() -> User:
    return User.objects.get_or_create(email="staff@example.com")[0]


def test_what_stripe_tax_rounded_is_taken_back_to_the_last_coin() -> None:
    order = ordered(MUG=2)
    sums_of_stripe = [["20.00", 2500, 418], ["5.00", 395, 18]]  # 416.67 and 18.81
    order.vat_scheme, order.vat_sums = VatScheme.STRIPE_TAX, sums_of_stripe
    order.save()
    pay_in_cash(order)
    assert papers(order)[0].vat == (("20.00", 2500, 418), ("5.00", 395, 18))
    refund(order, lines={line(order, "MUG"): 1})
    assert left(order)[D(20)] == (1250, 209)
    refund(order, amount=1645)
    assert left(order) == {D(20): (0, 0), D(5): (0, 0)}
