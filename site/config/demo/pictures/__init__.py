"""The pictures of the demo range, drawn by code: no photographs, so nobody's rights and nobody's kitchen.

`DRAWINGS` names each; calling one gives the SVG. The style is that of static/img/shelves.svg.
"""

from collections.abc import Callable

from config.demo.pictures import desk, house, kitchen

DRAWINGS: dict[str, Callable[[], str]] = {
    "notebooks": desk.notebooks,
    "notebook-open": desk.notebook_open,
    "pencils": desk.pencils,
    "lamp": desk.lamp,
    "clock": desk.clock,
    "scissors": desk.scissors,
    "mug": kitchen.mug,
    "mugs": kitchen.mugs,
    "teapot": kitchen.teapot,
    "jars": kitchen.jars,
    "brush": kitchen.brush,
    "towels": kitchen.towels,
    "spoons": kitchen.spoons,
    "twine": house.twine,
    "bucket": house.bucket,
    "bag": house.bag,
}
