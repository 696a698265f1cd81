"""The drawn pictures of the demo: what may be uploaded, small, with words for each."""

import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from demo import images, shop, texts
from home import svg

each_drawing = pytest.mark.parametrize("path", sorted(images.PICTURES.iterdir()), ids=lambda path: path.stem)
SAFE_ELEMENTS = frozenset(
    "svg defs g path rect ellipse linearGradient radialGradient stop filter feDropShadow clipPath".split()
)


@each_drawing
def test_a_picture_is_a_square_drawing_that_only_draws(path: Path) -> None:
    text = path.read_text()
    svg.refuse_unsafe(BytesIO(text.encode()))
    root = ET.fromstring(text)  # noqa: S314 - our own drawing
    assert (root.get("width"), root.get("height")) == ("1200", "1200")
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= SAFE_ELEMENTS
    assert not {name for element in root.iter() for name in element.attrib if name in {"style", "href"}}


@each_drawing
def test_a_picture_is_small(path: Path) -> None:
    assert path.stat().st_size < 20_000


@each_drawing
def test_every_reference_of_a_picture_leads_somewhere(path: Path) -> None:
    text = path.read_text()
    ids = [element.get("id") for element in ET.fromstring(text).iter() if element.get("id")]  # noqa: S314 - our own drawing
    assert len(ids) == len(set(ids))
    used = {part.partition(")")[0] for part in text.split("url(#")[1:]}
    assert used <= set(ids)


def test_each_picture_is_described_and_used_by_one_product_or_by_the_news() -> None:
    of_products = [name for product in shop.products() for name in product.pictures]
    assert len(set(of_products)) == len(of_products)
    of_news = re.findall(r"^picture: (\w+)$", texts.read("news.md"), re.MULTILINE)
    used = {*of_products, *of_news}
    drawings = images.drawings()
    assert sorted(used) == sorted(drawings) == sorted(path.stem for path in images.PICTURES.iterdir())
    assert all(len(drawing["description"]) > 20 for drawing in drawings.values())
    assert len({drawing["title"] for drawing in drawings.values()}) == len(drawings)


def test_each_drawing_has_its_photograph() -> None:
    assert {path.stem for path in images.PHOTOGRAPHS.iterdir()} == {
        path.stem for path in images.PICTURES.iterdir()
    }
    for path in images.PHOTOGRAPHS.iterdir():
        assert path.stat().st_size < 60_000
        with Image.open(path) as photograph:
            assert photograph.size == (1200, 1200)
