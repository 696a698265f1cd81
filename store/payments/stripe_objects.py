"""What Stripe states about a payment page, a refund or a dispute, read from its objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from store import models
from store.models import tokens
from store.payments import stripe_amounts, stripe_client
from store.payments.customer_details import NAME_LENGTH, PHONE_LENGTH, address, one_line
from store.vat.percent import trimmed
from store.vat.sums import VatSum


@dataclass(frozen=True, kw_only=True)
class Session:
    """A Checkout Session as Stripe states it; amounts in minor units of `currency` (ISO, upper case)."""

    id: str
    url: str
    status: str  # open, complete, expired
    payment_status: str  # paid, unpaid, no_payment_required
    livemode: bool
    currency: str
    subtotal: int
    total: int
    discount: int
    shipping: int
    tax: int
    reference: str  # our order's number
    return_url: str  # at the shop that made it
    payment_intent_id: str
    expires_at: datetime
    has_failed: bool  # a delayed payment was declined, or did not come
    pay_url: str  # where the shopper reads how to pay by voucher or transfer; empty where the bank does it
    pay_until: datetime | None
    customer_name: str
    phone: str
    shipping_address: dict[str, str] = field(default_factory=dict)
    billing_address: dict[str, str] = field(default_factory=dict)
    # What Stripe Tax worked out, after discounts; empty where it was not asked, or not told where goods go.
    vat_of_lines: tuple[VatSum, ...] = ()  # in the order of the lines
    vat_of_delivery: tuple[VatSum, ...] = ()

    @property
    def is_ours(self) -> bool:
        """It has the mode, test or live, of our key."""
        return self.livemode == stripe_client.is_live()

    @property
    def is_paid(self) -> bool:
        """Complete, and nothing left to pay (a 100 % discount needs no payment)."""
        return self.status == "complete" and self.payment_status != "unpaid"


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A dispute as Stripe states it; the amount in minor units of the payment's currency."""

    id: str
    status: str
    amount: int
    payment_intent_id: str
    reason: str
    evidence_due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Refund:
    """A refund as Stripe states it; the amount in minor units of `currency` (ISO, upper case)."""

    id: str
    status: str  # pending, requires_action, succeeded, failed, canceled
    amount: int
    currency: str
    payment_intent_id: str
    token: str  # which we gave it; empty when it was made in the Dashboard
    reason: str
    failure: str
    created_at: datetime


def dispute_of(found: Any) -> Dispute:
    """Return Stripe's object as a Dispute."""
    raw = found.to_dict()
    due = (raw.get("evidence_details") or {}).get("due_by")
    return Dispute(
        id=raw["id"],
        status=raw.get("status") or "",
        amount=stripe_amounts.from_stripe(raw.get("amount"), (raw.get("currency") or "").upper()),
        payment_intent_id=raw.get("payment_intent") or "",
        reason=one_line(raw.get("reason"), 60),
        evidence_due_at=datetime.fromtimestamp(due, UTC) if due else None,
        created_at=datetime.fromtimestamp(raw.get("created") or 0, UTC),
    )


def refund_of(found: Any) -> Refund:
    """Return Stripe's object as a Refund."""
    raw = found.to_dict()
    currency = (raw.get("currency") or "").upper()
    return Refund(
        id=raw["id"],
        status=raw.get("status") or "",
        amount=stripe_amounts.from_stripe(raw.get("amount"), currency),
        currency=currency,
        payment_intent_id=raw.get("payment_intent") or "",
        token=one_line((raw.get("metadata") or {}).get("refund"), tokens.TOKEN_LENGTH),
        reason=one_line(raw.get("reason"), models.Refund.REASON_LENGTH),
        failure=one_line(raw.get("failure_reason"), models.Refund.REASON_LENGTH).replace("_", " "),
        created_at=datetime.fromtimestamp(raw.get("created") or 0, UTC),
    )


def session_of(found: Any, lines: Sequence[dict[str, Any]] = ()) -> Session:
    """Return Stripe's object as a Session; `lines` are those whose tax is worked out."""
    raw = found.to_dict()
    currency = (raw.get("currency") or "").upper()
    details, customer = raw.get("total_details") or {}, raw.get("customer_details") or {}
    delivery = (raw.get("collected_information") or {}).get("shipping_details") or {}
    intent = raw.get("payment_intent") or {}
    intent = {"id": intent} if isinstance(intent, str) else intent  # expanded only where it was asked for

    action = intent.get("next_action") or {}
    to_do = action.get(action.get("type") or "") or {}
    ends = to_do.get("expires_at") or to_do.get("expires_after")

    def amount(value: int | None) -> int:
        return stripe_amounts.from_stripe(value, currency)

    return Session(
        id=raw["id"],
        url=raw.get("url") or "",
        status=raw.get("status") or "",
        payment_status=raw.get("payment_status") or "",
        livemode=bool(raw.get("livemode")),
        currency=currency,
        subtotal=amount(raw.get("amount_subtotal")),
        total=amount(raw.get("amount_total")),
        # Rounded up, as the total is rounded down: ten percent of 15 ISK are 150 in Stripe's hundredths.
        discount=-amount(-(details.get("amount_discount") or 0)),
        shipping=amount(details.get("amount_shipping")),
        tax=amount(details.get("amount_tax")),
        reference=one_line(raw.get("client_reference_id"), 200),  # which another shop may have set
        return_url=raw.get("success_url") or "",
        payment_intent_id=intent.get("id") or "",
        has_failed=intent.get("status") in {"requires_payment_method", "canceled"},
        pay_url=to_do.get("hosted_voucher_url") or to_do.get("hosted_instructions_url") or "",
        pay_until=datetime.fromtimestamp(ends, UTC) if ends else None,
        expires_at=datetime.fromtimestamp(raw.get("expires_at") or 0, UTC),
        customer_name=one_line(delivery.get("name") or customer.get("name"), NAME_LENGTH),
        phone=one_line(customer.get("phone"), PHONE_LENGTH),
        shipping_address=address(delivery),
        billing_address=address(customer),
        vat_of_lines=tuple(_vat_of(line, amount) for line in lines),
        vat_of_delivery=tuple(_vat_of(cost, amount) for cost in [raw.get("shipping_cost")] if cost and lines),
    )


def _vat_of(raw: dict[str, Any], amount: Callable[[int | None], int]) -> VatSum:
    """Return what a line or the delivery costs and the tax within; several taxes are added up."""
    percent = sum((Decimal(str(tax["rate"]["percentage"])) for tax in raw["taxes"]), Decimal(0))
    return VatSum(trimmed(percent), amount(raw["amount_total"]), amount(raw["amount_tax"]))
