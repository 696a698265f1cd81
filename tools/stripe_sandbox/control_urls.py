"""What can be asked below `/_sandbox/`, as the page of the controls lists it."""

from tools.stripe_sandbox import delivery, faults, forgeries, webhook_faults

_KINDS = [" ".join([kind, *(f"({name})" for name in takes)]) for kind, takes in webhook_faults.KINDS.items()]
ID = "([A-Za-z0-9_]+)"
LATEST = 100
URLS = {
    "GET /_sandbox/sessions, /_sandbox/events": "the latest hundred",
    "GET /_sandbox/deliveries?event=evt_…": "every attempt to deliver, of one event or of all",
    "POST /_sandbox/sessions/ID/pay": '{"outcome": "decline"}: the payment page’s form as it opens, with these changes',
    "POST /_sandbox/sessions/ID/expire-now": "as if its time had come",
    "POST /_sandbox/sessions/ID/settle": (
        '{"outcome": "succeed"} or "fail": decides a delayed payment. "cancel": its PaymentIntent is cancelled, as '
        'from the dashboard; "part" with an "amount": a bank transfer brings less'
    ),
    "POST /_sandbox/sessions/ID/refund": '{"amount": 500}: as from the dashboard; without an amount all that is left',
    "POST /_sandbox/refunds": '{"wait": true}: new refunds are pending until they succeed or fail; false: no longer',
    "POST /_sandbox/refunds/ID/succeed": "a pending refund arrives",
    "POST /_sandbox/refunds/ID/fail": "the bank sends a refund back",
    "POST /_sandbox/sessions/ID/dispute": (
        '{"amount": 500, "reason": "fraudulent"}: the shopper’s bank disputes it; "inquiry": true: it only asks'
    ),
    "POST /_sandbox/disputes/ID/STATUS": "under_review, won or lost: what the bank decides",
    "POST /_sandbox/events/ID/resend": '{"times": 20}: all at the same time; answers what the shop answered',
    "GET, POST /_sandbox/webhooks": (
        '{"on_hold": true, "url": "http://127.0.0.1:8000/…", "events": ["refund.*"], "secrets": ["whsec_new", '
        '"whsec_old"]}: hold back or go on, send elsewhere, send only these, sign with these; null: as usual'
    ),
    "POST /_sandbox/webhooks/deliver": (
        '{"order": "shuffled", "seed": 7}: everything that waits, on hold or not; orders: '
        f"{', '.join(delivery.ORDERS)}, the last three one after the other"
    ),
    "POST /_sandbox/webhooks/forge": (
        '{"kind": "foreign", "shape": "live"}: send what is none of the shop’s. Foreign: '
        f"{', '.join(forgeries.FOREIGN)}. Malformed: {', '.join(forgeries.MALFORMED)}"
    ),
    "GET, POST, DELETE /_sandbox/webhooks/faults": (
        '{"kind": "duplicate", "copies": 3, "events": "refund.*", "times": 1}: of the next events of these types. '
        f"Kinds: {', '.join(_KINDS)}"
    ),
    "POST /_sandbox/clock": (
        '{"now": 1790000000, "settle_after": 60}: stop at that time, and decide delayed payments so many seconds '
        'later; {"ahead": 600}: run so many seconds ahead of this machine, or behind; {}: show the real time again'
    ),
    "GET, POST, DELETE /_sandbox/faults": (
        '{"operation": "create", "kind": "slow", "seconds": 5, "times": 1}; operations: '
        f"{', '.join(faults.OPERATIONS)}; kinds: {', '.join(faults.KINDS)}"
    ),
}
