"""Ratings of a form over time: how many of how many stars each month had, and what that is on average.

Months are those of the site's time zone. Messages marked as spam are not counted, and those that are gone cannot be.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy, ngettext

from forms.inbox.reports import ReportView
from forms.models import FormField, FormPage, Submission
from home import charts

STARS = (1, 2, 3, 4, 5)
_WIDTH = 480  # of a chart, so that its words can be read on a telephone


@dataclass(frozen=True)
class Ratings:
    """Those of a month, or of several: how many of one star, of two, up to five."""

    start: date
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        stars = sum(number * count for number, count in zip(STARS, self.counts, strict=True))
        return stars / self.total if self.total else None

    @property
    def shares(self) -> list[tuple[str, int]]:
        """Return in words and number how many there are of five stars, of four, down to one."""
        return [*zip(in_words(), self.counts, strict=True)][::-1]


def in_words() -> list[str]:
    """Return what one star, two, up to five are called."""
    return [ngettext("%(n)s star", "%(n)s stars", number) % {"n": number} for number in STARS]


def by_month(page_id: int, *, months: int, today: date) -> list[Ratings]:
    """Return the ratings of each month up to this one, oldest first, read in one query.

    The months are compared with in SQL, as SQLite would call Python for the month of each row.
    """
    starts = [_first_of_month(today, back) for back in range(months - 1, -2, -1)]
    begins = [datetime.combine(day, time.min, timezone.get_default_timezone()) for day in starts]
    place = Case(*(When(submit_time__lt=end, then=Value(at)) for at, end in enumerate(begins[1:])))
    rated = Submission.objects.filter(page=page_id, rating__in=STARS, rating__isnull=False)
    rows = (
        rated.exclude(status=Submission.Status.SPAM)
        .filter(submit_time__gte=begins[0], submit_time__lt=begins[-1])
        .annotate(place=place)
        .order_by()
        .values("place", "rating")
        .annotate(number=Count("pk"))
    )
    found = {(row["place"], row["rating"]): row["number"] for row in rows}
    return [
        Ratings(start, [found.get((at, stars), 0) for stars in STARS]) for at, start in enumerate(starts[:-1])
    ]


def together(months: list[Ratings]) -> Ratings:
    """Add up some months."""
    columns = zip(*(month.counts for month in months), strict=True)
    return Ratings(months[0].start, [sum(column) for column in columns])


def rated_pages() -> list[FormPage]:
    """Return the forms that ask for a rating, or did so when a message came that is still here."""
    asks = FormField.objects.filter(page=OuterRef("pk"), field_type="rating")
    was_rated = Submission.objects.filter(page=OuterRef("pk"), rating__isnull=False)
    pages = FormPage.objects.filter(Q(Exists(asks)) | Q(Exists(was_rated)))
    return sorted(pages.order_by(), key=lambda page: page.title)  # SQLite would walk all pages


def _first_of_month(day: date, back: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, 1)


class RatingsView(ReportView):
    """`?form=` chooses a form; anything else means the first. No period is longer than its messages are kept."""

    template_name = "forms/admin/ratings.html"
    page_title = gettext_lazy("Ratings")  # type: ignore[assignment]  # Wagtail declares str
    header_icon = "pick"
    periods = (6, 12, 24)  # months
    usual = 12

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**super().get_context_data(**kwargs), "forms": rated_pages()}
        if not context["forms"]:
            return context
        by_key = {str(page.pk): page for page in context["forms"]}
        form = by_key.get(self.request.GET.get("form", ""), context["forms"][0])
        periods = [one for one in self.periods if one * 30 <= form.keep_days] or self.periods[:1]
        period = min(self.period, periods[-1])
        months = by_month(form.pk, months=period, today=timezone.localdate())
        since = next((at for at, month in enumerate(months) if month.total), 0)
        return {
            **context,
            "form": form,
            "periods": periods,
            "period": period,
            "months": months[since:][::-1],
            "whole": together(months),
            "chart_of_means": _chart_of_means(months[since:]),
            "chart_of_numbers": _chart_of_numbers(months[since:]),
        }


def _chart_of_means(months: list[Ratings]) -> charts.StackedBars:
    means = [(month, month.mean or 0) for month in months]
    rows = [(_short(month), f"{_name(month)}: {number_format(mean, 1)}", [mean]) for month, mean in means]
    return charts.stacked_bars(rows, width=_WIDTH, top=STARS[-1])


def _chart_of_numbers(months: list[Ratings]) -> charts.StackedBars:
    rows = []
    for month in months:
        words = ", ".join(f"{stars}: {count}" for stars, count in month.shares)
        rows.append((_short(month), f"{_name(month)}: {words}", month.counts))
    return charts.stacked_bars(rows, width=_WIDTH)


def _short(month: Ratings) -> str:
    return date_format(month.start, "M")


def _name(month: Ratings) -> str:
    return date_format(month.start, "F Y")
