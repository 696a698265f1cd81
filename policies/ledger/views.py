"""The newest head for everybody, at a URL where others can fetch and keep it."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from policies.ledger import heads
from policies.models.ledger import LedgerHead


@require_safe
def newest_head(request: HttpRequest) -> JsonResponse:
    """Return the newest head, or none where the ledger has lost its first."""
    return JsonResponse(heads.as_document(LedgerHead.objects.order_by("-number")[:1]))
