"""The colours of a brand: two are chosen, the others follow, and all can be read, in light and in dark."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.brand.palette import (
    BLACK,
    SHAPE,
    TEXT,
    WHITE,
    contrast,
    luminance,
    nearest_pair,
    nearest_passing,
    ours,
    palette,
)
from home.brand.stylesheet import STACKS, Typeface
from tests.branding import DARK_RED, PALE_BLUE, YELLOW

ROOT = Path(__file__).resolve().parents[2]
COLOURS = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
PAPERS = ("paper", "paper_2", "paper_3")
# What stands on what, and the least contrast there.
READ = [(words, paper, TEXT) for words in ("brand", "brand_strong", "ink", "ink_2") for paper in PAPERS]
READ += [("on_brand", "brand", TEXT), ("on_brand", "brand_strong", TEXT), ("on_header", "header", TEXT)]
READ += [("header_2", "header", TEXT), ("on_ticket", "ticket", TEXT)]
SEEN = [("ticket", "header", SHAPE), ("focus", "paper", SHAPE), ("focus", "paper_3", SHAPE)]
SEEN += [("line_strong", "paper", SHAPE)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [(BLACK, WHITE, 21), (WHITE, WHITE, 1), ("#767676", WHITE, 4.54)]
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@given(COLOURS, COLOURS)
@settings(max_examples=50)
def test_whatever_two_colours_are_chosen_all_can_be_read(primary: str, accent: str) -> None:
    primary, accent = nearest_pair(primary, accent)
    assert nearest_pair(primary, accent) == (primary, accent)
    found = palette(primary, accent)
    assert (found["brand"].light, found["header"].light, found["ticket"].light) == (primary, primary, accent)
    for words, paper, least in [*READ, *SEEN]:
        for first, second in zip(found[words], found[paper], strict=True):
            assert contrast(first, second) >= least, (words, first, paper, second)


def test_our_own_can_be_read() -> None:
    for words, paper, least in [*READ, *SEEN]:
        for first, second in zip(ours()[words], ours()[paper], strict=True):
            assert contrast(first, second) >= least, (words, paper)


@given(COLOURS, COLOURS, st.sampled_from([SHAPE, TEXT]))
@settings(max_examples=50)
def test_the_nearest_shade_passes_and_none_between_does(colour: str, against: str, least: float) -> None:
    near = nearest_passing(colour, against, least)
    assert contrast(near, against) >= least
    if near != colour:
        assert contrast(colour, against) < least
        low, high = sorted((luminance(colour), luminance(near)))
        greys = (f"#{n:02x}{n:02x}{n:02x}" for n in range(256))
        between = [grey for grey in greys if low + 0.01 < luminance(grey) < high - 0.01]
        assert all(contrast(grey, against) < least for grey in between)


def test_a_light_main_colour_becomes_darker_and_a_dark_second_one_lighter() -> None:
    primary, accent = nearest_pair(YELLOW, "#808080")
    assert luminance(primary) < luminance(YELLOW)
    assert luminance(accent) > luminance("#808080")
    assert nearest_pair(DARK_RED, PALE_BLUE) == (DARK_RED, PALE_BLUE)


def test_without_a_choice_they_are_those_of_the_style_sheet_and_one_choice_leaves_the_other() -> None:
    assert palette() == ours()
    assert palette(DARK_RED)["ticket"] == ours()["ticket"]
    assert palette("", PALE_BLUE)["brand"].light == ours()["brand"].light


def test_greys_get_the_hue_of_the_brand_and_none_of_ours_is_left() -> None:
    found = palette(DARK_RED, PALE_BLUE)
    meanings = {"danger", "danger_paper", "added", "removed", "on_header"}
    same = {name for name in found if {*found[name]} & {*ours()[name]}}
    assert same - meanings <= {"awning", "on_brand"}  # their white


def test_each_colour_of_the_style_sheet_is_known_and_the_typeface_is_that_of_the_list() -> None:
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    names = re.findall(r"^\s*--([\w-]+): (?:light-dark|#)", tokens, re.MULTILINE)
    assert {name.replace("-", "_") for name in names} == ours().keys()
    assert f"--font: {STACKS[Typeface.GROTESQUE]};" in tokens
    assert STACKS.keys() == {*Typeface}
