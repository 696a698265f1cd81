"""Measures the redline against other ways to compare two texts, on the same texts in the same run."""

from collections.abc import Callable
from difflib import SequenceMatcher

from lxml.html.diff import htmldiff

from bench import clock
from bench.texts import Author, markup
from policies.redline import comparison, layout
from policies.text.markup import plain_text

WORDS = 10_000
SHARE = 0.02
ROUNDS = 9
ALLOWED = 0.2  # of what htmldiff takes


def run() -> list[str]:
    """Measure and print; return what is slower than it may be."""
    author = Author()
    pieces = author.policy(WORDS)
    old, new = markup(pieces), markup(author.changed(pieces, SHARE))
    print(f"Two policies of {WORDS:,} words, {SHARE:.0%} of them changed, evenly spread")
    methods: dict[str, Callable[[], object]] = {
        "redline": lambda: comparison.compare(old, new),
        "lxml.html.diff.htmldiff": lambda: htmldiff(old, new),
        "difflib on all words": lambda: _difflib(old, new),
    }
    figures = clock.medians(methods, rounds=ROUNDS)
    _print(figures)
    share = figures["redline"] / figures["lxml.html.diff.htmldiff"]
    print(f"  redline / htmldiff        {share:8.2f}      at most {ALLOWED}")
    _layouts(comparison.compare(old, new).html)
    _unrelated()
    return [f"The redline took {share:.2f} of htmldiff's time."] if share > ALLOWED else []


def _layouts(html: str) -> None:
    print("Laying that redline out")
    layouts: dict[str, Callable[[], object]] = {
        "folded": lambda: layout.inline(html),
        "side by side": lambda: layout.side_by_side(html),
    }
    _print(clock.medians(layouts, rounds=ROUNDS))


def _unrelated() -> None:
    print("Two unrelated texts of 100,000 words")
    for name, pieces in (("policies", Author.policy), ("one paragraph each", _paragraph)):
        old, new = (markup(pieces(Author(seed), 100_000)) for seed in (1, 2))
        results = []
        taken = clock.milliseconds(lambda: results.append(comparison.compare(old, new)))  # noqa: B023 - done at once
        said = "some replaced whole, and said so" if results[0].is_coarse else "every word matched"
        print(f"  {name:<24}{taken:8.0f} ms   {said}")


def _paragraph(author: Author, count: int) -> list[str]:
    return ["<p>", *author.words(count), "</p>"]


def _difflib(old: str, new: str) -> object:
    texts = [plain_text(html).split() for html in (old, new)]
    return SequenceMatcher(None, *texts).get_opcodes()


def _print(figures: dict[str, float]) -> None:
    for name, milliseconds in figures.items():
        print(f"  {name:<24}{milliseconds:8.1f} ms")
