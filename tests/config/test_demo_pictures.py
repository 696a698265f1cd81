"""The drawn pictures of the demo: what may be uploaded, small, the same each time, with words for each."""

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest

from config.demo import shop
from config.demo.pictures import DRAWINGS, Drawing
from home import svg

each_drawing = pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS.keys())
SAFE_ELEMENTS = frozenset(
    "svg defs g path rect ellipse linearGradient radialGradient stop filter feDropShadow clipPath".split()
)


@each_drawing
def test_a_picture_is_a_square_drawing_that_only_draws(drawing: Drawing) -> None:
    text = drawing.svg()
    svg.refuse_active(BytesIO(text.encode()))
    root = ET.fromstring(text)  # noqa: S314 - our own drawing
    assert (root.get("width"), root.get("height")) == ("1200", "1200")
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= SAFE_ELEMENTS
    assert not {name for element in root.iter() for name in element.attrib if name in {"style", "href"}}


@each_drawing
def test_a_picture_is_small_and_the_same_each_time(drawing: Drawing) -> None:
    assert len(drawing.svg()) < 50_000
    assert drawing.svg() == drawing.svg()


@each_drawing
def test_every_reference_of_a_picture_leads_somewhere(drawing: Drawing) -> None:
    text = drawing.svg()
    ids = [element.get("id") for element in ET.fromstring(text).iter() if element.get("id")]  # noqa: S314 - our own drawing
    assert len(ids) == len(set(ids))
    used = {part.partition(")")[0] for part in text.split("url(#")[1:]}
    assert used <= set(ids)


def test_the_range_uses_each_picture_once_and_describes_it() -> None:
    used = [name for product in shop.products() for name in product.pictures]
    assert sorted(used) == sorted(DRAWINGS)
    assert all(len(drawing.description) > 20 for drawing in DRAWINGS.values())
    assert len({drawing.title for drawing in DRAWINGS.values()}) == len(DRAWINGS)
