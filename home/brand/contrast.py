"""The contrast of two colours, as the form of the brand shows it while they are chosen. It saves nothing."""

import re
from typing import NamedTuple

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from home.brand.palette import SHAPE, TEXT, contrast, nearest_pair, palette
from home.models.brand import COLOUR, with_hash


class Sample(NamedTuple):
    """A colour on another one, and whether it passes."""

    colour: str
    paper: str
    ratio: float
    passes: bool


@require_safe
@permission_required("home.change_brandsettings", raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    """Return the contrast of what the colours are used for, in light and dark, and the nearest pair that passes."""
    chosen = [with_hash(request.GET.get(name, "").lower()) for name in ("primary", "accent")]
    if not all(not colour or re.match(COLOUR, colour) for colour in chosen):
        return HttpResponseBadRequest(_("Enter both colours as # and six digits or letters from a to f."))
    found = palette(*chosen)
    uses = {
        _("Links on the page"): ("brand", "paper_3", TEXT),
        _("Words on a button"): ("on_brand", "brand", TEXT),
        _("Second colour on the header"): ("ticket", "header", SHAPE),
        _("Words on the second colour"): ("on_ticket", "ticket", TEXT),
    }
    rows = {
        label: [
            Sample(colour, paper, ratio := contrast(colour, paper), ratio >= least)
            for colour, paper in zip(found[on], found[below], strict=True)
        ]
        for label, (on, below, least) in uses.items()
    }
    pair = (found["brand"].light, found["ticket"].light)
    nearest = nearest_pair(*pair)
    context = {"rows": rows, "pair": pair, "nearest": nearest if nearest != pair else None}
    return render(request, "home/admin/brand_contrast.html", context)
