"""Texts to measure with: made by code from a seed, so that every run measures the same.

They have the shape of a policy: headings, paragraphs, lists, a table, links and emphasis, words as frequent as in
prose. Nothing of them is anybody's text.
"""

import random
from collections.abc import Iterator

from policies.text.markup import Body, canonical_body

_VOCABULARY = 3000
_WORDS_OF_A_PARAGRAPH = (25, 90)


class Author:
    """Writes texts; two authors know the same words, and with the same seed write the same."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(0)  # noqa: S311 - a text, not a secret
        self.vocabulary = [self._word() for _ in range(_VOCABULARY)]
        self.chance.seed(seed)
        # As in any language, a few words are very frequent and most are rare.
        self.weights = [1 / (rank + 3) for rank in range(_VOCABULARY)]

    def words(self, count: int) -> list[str]:
        """Return so many words of prose."""
        return self.chance.choices(self.vocabulary, self.weights, k=count)

    def policy(self, count: int) -> list[str]:
        """Return a policy of so many words as pieces of markup; each piece that holds no `<` is one word."""
        return list(self._policy(count))

    def changed(self, pieces: list[str], share: float) -> list[str]:
        """Return the pieces with that share of the words replaced, evenly spread."""
        places = [place for place, piece in enumerate(pieces) if "<" not in piece]
        count = round(len(places) * share)
        changed = {places[number * len(places) // count] for number in range(count)}
        return [self.words(1)[0] + "x" if place in changed else piece for place, piece in enumerate(pieces)]

    def _policy(self, count: int) -> Iterator[str]:
        left = count
        blocks = 0
        while left > 0:
            words = self.words(min(left, self.chance.randint(*_WORDS_OF_A_PARAGRAPH)))
            left -= len(words)
            if blocks % 6 == 0:
                yield from ("<h2>", *words[:5], "</h2>")
                words = words[5:]
            yield from self._block(blocks, words)
            blocks += 1

    def _block(self, number: int, words: list[str]) -> Iterator[str]:
        if number % 10 == 3:  # noqa: PLR2004 - one block in ten
            yield from ("<ul>", *_in_groups(words, 12, "<li>", "</li>"), "</ul>")
        elif number % 25 == 7:  # noqa: PLR2004 - a table now and then
            rows = (row for start in range(0, len(words), 15) for row in _row(words[start : start + 15]))
            yield from ("<table><tbody>", *rows, "</tbody></table>")
        else:
            yield from ("<p>", *self._inline(words), "</p>")

    def _inline(self, words: list[str]) -> Iterator[str]:
        for place, word in enumerate(words):
            if place % 60 == 20:  # noqa: PLR2004 - a link in every longer paragraph
                yield from ('<a href="/somewhere/">', word, "</a>")
            elif place % 80 == 50:  # noqa: PLR2004 - and some emphasis
                yield from ("<strong>", word, "</strong>")
            else:
                yield word

    def _word(self) -> str:
        letters = "etaoinshrdlucmfwypvbgk"
        return "".join(self.chance.choices(letters, range(len(letters), 0, -1), k=self.chance.randint(2, 10)))


def markup(pieces: list[str]) -> str:
    """Join pieces into the canonical markup of a version."""
    return body(pieces).html


def body(pieces: list[str]) -> Body:
    """Join pieces into the body of a draft."""
    return canonical_body(" ".join(pieces))


def _row(words: list[str]) -> Iterator[str]:
    yield from ("<tr>", *_in_groups(words, 5, "<td>", "</td>"), "</tr>")


def _in_groups(pieces: list[str], size: int, before: str, after: str) -> Iterator[str]:
    for start in range(0, len(pieces), size):
        yield from (before, *pieces[start : start + size], after)
