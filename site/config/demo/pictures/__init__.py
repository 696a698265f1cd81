"""The pictures of the demo range, drawn by code: no photographs, so nobody's rights and nobody's kitchen.

`DRAWINGS` names each, with its words for those who do not see it. The style is that of static/img/shelves.svg.
"""

from collections.abc import Callable
from dataclasses import dataclass

from config.demo.pictures import desk, house, kitchen


@dataclass(frozen=True)
class Drawing:
    """A picture: its file's name, its title in the library, its description, and what draws it."""

    name: str
    title: str
    description: str
    svg: Callable[[], str]


_ALL = (
    Drawing(
        "notebooks",
        "Notebooks",
        "A large green, a large yellow and a small red notebook, each with a band and a ribbon",
        desk.notebooks,
    ),
    Drawing(
        "notebook-open",
        "Notebook, open",
        "An open notebook lying flat, with a pencil across its pages",
        desk.notebook_open,
    ),
    Drawing("pencils", "Pencils", "Six pencils of different colours in an open paper box", desk.pencils),
    Drawing("lamp", "Desk lamp", "A yellow desk lamp with two joints, switched on", desk.lamp),
    Drawing("clock", "Wall clock", "A round clock with a red rim and a plain white face", desk.clock),
    Drawing("scissors", "Scissors", "Scissors with green handles, hanging from a nail", desk.scissors),
    Drawing("mug", "Enamel mug, white", "A white enamel mug with a green rim", kitchen.mug),
    Drawing(
        "mugs", "Enamel mugs, all colours", "A yellow, a white and a red enamel mug in a row", kitchen.mugs
    ),
    Drawing("teapot", "Teapot", "A round red teapot with a white band and a white knob", kitchen.teapot),
    Drawing(
        "jars",
        "Storage jars",
        "Three glass jars with wooden lids, filled with coffee, oats and lentils",
        kitchen.jars,
    ),
    Drawing(
        "brush", "Dish brush", "A wooden dish brush on a nail, and a spare head on the shelf", kitchen.brush
    ),
    Drawing(
        "towels",
        "Tea towels",
        "Two white tea towels over a rail, one with green stripes and one with red",
        kitchen.towels,
    ),
    Drawing(
        "spoons",
        "Kitchen spoons",
        "A round spoon, a slotted turner and a corner spoon of wood, hanging in a row",
        kitchen.spoons,
    ),
    Drawing("twine", "Twine", "A large natural and a small green ball of twine", house.twine),
    Drawing("bucket", "Bucket", "A zinc bucket with a wooden grip on its handle", house.bucket),
    Drawing("bag", "Canvas bag", "A canvas shopping bag with bread and greens looking out of it", house.bag),
)
DRAWINGS = {drawing.name: drawing for drawing in _ALL}
