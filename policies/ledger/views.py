"""What leaves the ledger for others to keep or check: the newest head, proofs, and the script that checks them.

Each app gives the proofs of its records at URLs of its own, by `proof_response`.
"""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from home.page_cache.reads import depends_on
from home.throttling import Limit, client_ip, too_many_requests
from policies.ledger import heads
from policies.ledger.proof import NoProofError, Proofs
from policies.models.ledger import LedgeredModel, LedgerHead

PROOFS = Limit("proofs", most=100, window=timedelta(minutes=10))
SCRIPT = "policies/admin/export/check_proof.py"


@require_safe
def newest_head(request: HttpRequest) -> JsonResponse:
    """Return the newest head, or none where the ledger has lost its first."""
    depends_on("ledger")
    return JsonResponse(heads.as_document(LedgerHead.objects.order_by("-number")[:1]))


def refuse_too_many(request: HttpRequest) -> JsonResponse | None:
    """Count one more proof for a client, or refuse: each reads a batch of the ledger, and most are never cached."""
    if wait := PROOFS.take(client_ip(request)):
        return too_many_requests(JsonResponse({"error": _("Too many proofs. Try again later.")}), wait)
    return None


def proof_response(request: HttpRequest, record: LedgeredModel, *, file_name: str = "") -> JsonResponse:
    """Return the proof of a record, as a file if that has a name; or 409 and words that say why there is none."""
    if refused := refuse_too_many(request):
        return refused
    try:
        found = Proofs().of(record)
    except NoProofError as reason:
        return JsonResponse({"error": str(reason)}, status=409, json_dumps_params={"ensure_ascii": False})
    response = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})
    if disposition := content_disposition_header(as_attachment=bool(file_name), filename=file_name):
        response.headers["Content-Disposition"] = disposition
    return response


@require_safe
def check_proof(request: HttpRequest) -> HttpResponse:
    """Return the script that checks a proof."""
    response = HttpResponse(render_to_string(SCRIPT), content_type="text/x-python; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename="check_proof.py"
    )
    return response
