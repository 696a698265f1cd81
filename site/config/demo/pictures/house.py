"""Things for the hall cupboard, drawn: twine, a bucket, a shopping bag."""

import random

from config.demo.pictures.paper import (
    BRICK,
    CREAM,
    FOREST,
    HONEY,
    KRAFT,
    LEAF,
    OAK,
    SLATE,
    STEEL,
    SUN,
    WALL_BLUSH,
    WALL_MINT,
    at,
    box,
    clipped,
    line,
    oval,
    path,
    scene,
    standing,
)


def _ball(name: str, radius: float, colour: str, light: str, dark: str) -> str:
    dice = random.Random(name)  # noqa: S311 - winds the twine
    width = radius / 14
    layers = []
    for turn, reach in (
        (64, 1.0),
        (-38, 0.86),
        (12, 0.62),
    ):  # each winding lies on the one before and is narrower
        band = radius * reach
        places = [-band + width * 1.25 * step for step in range(int(2 * band / (width * 1.25)) + 1)]
        strands = "".join(
            line(
                f"M{-radius} {y:.0f}Q0 {y * 1.28 + dice.uniform(-3, 3):.0f} {radius} {y:.0f}",
                dark,
                width * 1.2,
            )
            + line(
                f"M{-radius} {y - 1:.0f}Q0 {y * 1.28 - 2:.0f} {radius} {y - 1:.0f}",
                dice.choice((light, colour, colour)),
                round(width * 0.8, 1),
            )
            for y in places
        )
        layers.append(at(0, 0, strands, turn=turn))
    outline = f"M{-radius} 0A{radius} {radius} 0 1 1 {radius} 0A{radius} {radius} 0 1 1{-radius} 0z"
    wound = oval(0, 0, radius, radius, colour) + clipped(f"ball-{name}", outline, "".join(layers))
    return at(0, -radius, wound + oval(0, 0, radius, radius, "url(#ball)"))


def twine() -> str:
    """Two balls of twine."""
    natural = _ball("natural", 250, OAK, "#ecd0a0", "#a97f41")
    green = _ball("green", 172, LEAF, "#86c3ab", "#2f7a60")
    end = line("M150-24C260 10 300 26 330 22S420 60 400 150 440 214 410 240", "#b98c4a", 13)
    end += line("M150-24C260 10 300 26 330 22S420 60 400 150 440 214 410 240", "#ecd0a0", 4, 0.7)
    return scene(
        "#e9c9a8",
        [standing(460, 400, natural + end, scale=1.12), standing(868, 270, green, scale=1.12, depth=10)],
    )


def bucket() -> str:
    """A galvanised bucket."""
    bail = line("M-268-440C-250-760 250-760 268-440", SLATE, 15)
    grip = box(-82, -706, 164, 46, OAK, radius=22, light="down")
    wall = path("M-290-450L-206-26Q-200 6-150 12 0 28 150 12 200 6 206-26L290-450z", STEEL, "round")
    ribs = "".join(
        line(f"M{-half} {y}Q0 {y + 40} {half} {y}", "#fff", 7, 0.5)
        + line(f"M{-half} {y + 9}Q0 {y + 49} {half} {y + 9}", SLATE, 6, 0.4)
        for half, y in ((274, -376), (258, -296))
    )
    foot = path(
        "M-211-52L-206-26Q-200 6-150 12 0 28 150 12 200 6 206-26L211-52Q0-8-211-52z", SLATE, "round", 0.8
    )
    lip = (
        oval(0, -450, 294, 54, "#dfe7e5")
        + oval(0, -446, 274, 42, "#7e8f8b")
        + oval(0, -428, 240, 24, "#000", opacity=0.14)
    )
    ears = "".join(
        box(x - 26, -462, 52, 66, SLATE, radius=12, light="flat") + oval(x, -430, 10, 10, CREAM)
        for x in (-268, 268)
    )
    return scene(WALL_BLUSH, [standing(600, 420, wall + ribs + foot + lip + bail + grip + ears, scale=1.03)])


def _leaf(x: float, turn: float, colour: str) -> str:
    blade = path("M0 0C-46-90-36-220 0-300 36-220 46-90 0 0z", colour, "round") + line(
        "M0-10V-270", "#fff", 4, 0.35
    )
    return at(x, -470, blade, turn=turn)


def bag() -> str:
    """A shopping bag with bread and greens in it."""
    loop = "M-130-500C-140-760 140-760 130-500"
    far = line(loop, "#b9995f", 30)
    near = line(loop.replace("760", "720"), KRAFT, 34)
    bread = at(
        -96,
        -440,
        path("M-52 40V-250C-52-320 52-320 52-250V40z", "#d99a4e", "round")
        + "".join(line(f"M-30 {y}L28 {y - 34}", "#f6d9a4", 15, 0.85) for y in (-210, -150, -90)),
        turn=-12,
    )
    greens = _leaf(70, -16, LEAF) + _leaf(150, 24, LEAF) + _leaf(108, 4, "#6fb596")
    body = path("M-276-490H276C284-300 300-120 312-12Q0 26-312-12C-300-120-284-300-276-490z", CREAM, "flat")
    hem = path("M-276-490H276L278-440H-278z", KRAFT, "flat") + line("M-270-452H270", HONEY, 4, 0.6)
    patches = box(-150, -512, 42, 110, KRAFT, radius=5) + box(108, -512, 42, 110, KRAFT, radius=5)
    print_ = at(
        0,
        -216,
        oval(0, 0, 112, 112, FOREST)
        + box(-66, 20, 132, 14, SUN)
        + box(-50, -34, 38, 54, BRICK)
        + oval(34, -8, 28, 28, CREAM),
    )
    folds = line("M-190-400C-180-260-214-120-206-40", "#000", 14, 0.05) + line(
        "M206-380C196-240 226-120 216-36", "#000", 18, 0.06
    )
    return scene(
        WALL_MINT,
        [standing(600, 580, far + bread + greens + body + hem + patches + near + print_ + folds, scale=0.98)],
    )
