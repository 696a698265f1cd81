"""Things for the kitchen, drawn: mugs, a teapot, jars, a brush, tea towels, spoons."""

import random

from config.demo.pictures.paper import (
    BRICK,
    CHALK,
    CREAM,
    FOREST,
    HONEY,
    KRAFT,
    LEAF,
    OAK,
    SLATE,
    STEEL,
    SUN,
    WALL_MINT,
    WALL_SKY,
    WALL_SUN,
    WALNUT,
    at,
    box,
    clipped,
    hanging,
    line,
    nail,
    oval,
    path,
    scene,
    standing,
)


def _mug(body: str, rim: str) -> str:
    handle = "M200-346C368-378 366-74 190-112"
    grip = line(handle, rim, 52) + line(handle, body, 38) + line(handle, "#000", 38, 0.08)
    wall = path("M-222-440L-204-36Q-202 2-150 9 0 26 150 9 202 2 204-36L222-440z", body, "round")
    foot = path(
        "M-205-42Q-202 2-150 9 0 26 150 9 202 2 205-42 204-22 150-14 0 2-150-14-204-22-205-42z",
        rim,
        opacity=0.9,
    )
    lip = (
        oval(0, -440, 224, 42, rim)
        + oval(0, -437, 204, 32, body)
        + oval(0, -437, 204, 32, "#000", opacity=0.16)
    )
    shine = line("M-158-360L-150-110", "#fff", 20, 0.45)
    return grip + wall + foot + lip + shine


def mug() -> str:
    """An enamel mug."""
    return scene(WALL_SUN, [standing(560, 450, _mug(CHALK, FOREST), scale=1.36)])


def mugs() -> str:
    """The mug in its three colours."""
    colours = ((SUN, HONEY), (CHALK, FOREST), (BRICK, "#8f2f1a"))
    return scene(
        WALL_MINT,
        [
            standing(x, 220, _mug(*colour), scale=0.66, depth=depth)
            for x, colour, depth in zip((196, 570, 944), colours, (0, 12, 0), strict=True)
        ],
    )


def teapot(body: str = BRICK, wall: str = WALL_SKY) -> str:
    """A teapot."""
    handle = line("M-214-318C-436-396-450-52-226-96", body, 46) + line(
        "M-214-318C-436-396-450-52-226-96", "#000", 46, 0.1
    )
    spout = path("M196-284C306-262 318-372 366-432Q398-436 424-404C408-264 344-112 196-96z", body, "flat")
    mouth = path("M366-432Q398-436 424-404 388-398 366-432z", "#000", opacity=0.35)
    foot = path("M-132-16H132L118 12Q0 24-118 12z", body) + path(
        "M-132-16H132L118 12Q0 24-118 12z", "#000", opacity=0.22
    )
    belly = path(
        "M-268-196C-268-336-142-412 0-412S268-336 268-196C268-70 180-6 104-4H-104C-180-6-268-70-268-196z",
        body,
        "ball",
    )
    band = path("M-267-214C-150-170 150-170 267-214L268-180C150-136-150-136-268-180z", CREAM, opacity=0.92)
    seat = path("M-150-384Q0-352 150-384 0-330-150-384z", "#000", opacity=0.25)
    lid = path("M-146-388C-126-456 126-456 146-388Q0-356-146-388z", body, "ball")
    knob = oval(0, -466, 40, 36, CREAM, light="ball")
    shine = path(
        "M-196-262C-186-318-146-350-112-358-136-330-166-296-176-254-182-232-198-240-196-262z",
        "#fff",
        opacity=0.32,
    )
    pot = handle + spout + mouth + foot + belly + band + seat + knob + lid + shine
    return scene(wall, [standing(590, 380, pot, scale=1.2)])


def _jar(name: str, width: float, height: float, fill: tuple[str, str], level: float) -> str:
    half, top = width / 2, -height
    glass = (
        f"M{-half + 26} {top}H{half - 26}V{top + 26}C{half} {top + 40} {half} {top + 66} {half} {top + 84}"
        f"V-40Q{half} 8 {half - 48} 8H{-half + 48}Q{-half} 8 {-half} -40V{top + 84}"
        f"C{-half} {top + 66} {-half} {top + 40} {-half + 26} {top + 26}z"
    )
    colour, speck = fill
    dice = random.Random(name)  # noqa: S311 - scatters lentils
    surface = -height * level
    stuff = path(
        f"M{-half} {surface}C{-half / 2} {surface - 26} {half / 3} {surface + 22} {half} {surface - 8}V8H{-half}z",
        colour,
    ) + "".join(
        oval(
            round(dice.uniform(-half, half)), round(dice.uniform(surface + 10, 0)), 9, 6, speck, opacity=0.55
        )
        for _ in range(round(width * height * level / 900))
    )
    body = path(glass, "#f4fbf8", opacity=0.55)
    lit = path(glass, "#fff", "round", opacity=0.1)
    shine = line(f"M{-half + 30} {top + 112}V-60", "#fff", 15, 0.6) + line(
        f"M{half - 20} {top + 120}V-100", "#fff", 6, 0.4
    )
    rim = line(f"M{-half + 26} {top}H{half - 26}", "#fff", 9, 0.8)
    cork = path(f"M{-half + 34} {top - 62}H{half - 34}L{half - 46} {top + 22}H{-half + 46}z", OAK, "round")
    lid = box(-half + 22, top - 84, width - 44, 40, KRAFT, radius=12, light="round")
    label = (
        box(-width * 0.26, -height * 0.46, width * 0.52, height * 0.19, CHALK, radius=6)
        + line(f"M{-width * 0.16} {-height * 0.375}H{width * 0.16}", SLATE, 6, 0.55)
        + line(f"M{-width * 0.16} {-height * 0.325}H{width * 0.06}", SLATE, 6, 0.35)
    )
    return cork + lid + body + clipped(f"jar-{name}", glass, stuff) + lit + shine + rim + label


def jars() -> str:
    """Storage jars in three sizes."""
    coffee, oats, lentils = ("#6b432a", "#3d2414"), ("#ead9b4", "#c5a66d"), ("#e07b4c", "#b3502a")
    return scene(
        "#bfd8cd",
        [
            standing(296, 300, _jar("tall", 330, 610, coffee, 0.72)),
            standing(646, 290, _jar("middle", 310, 450, oats, 0.7), depth=6),
            standing(958, 240, _jar("small", 256, 300, lentils, 0.66), depth=10),
        ],
    )


def _bristles(width: float, height: float, colour: str, dark: str) -> str:
    half = width / 2
    tuft = path(
        f"M{-half} 0H{half}L{half + 34} {height - 8}Q0 {height + 16}{-half - 34} {height - 8}z",
        colour,
        "round",
    )
    hairs = "".join(
        line(f"M{half * place / 8:.0f} 4L{(half + 34) * place / 8:.0f} {height - 6}", dark, 3, 0.4)
        for place in range(-7, 8)
    )
    return tuft + hairs


def brush() -> str:
    """A washing-up brush on its nail, with a spare head below."""
    string = line("M0-36C-30-4-14 24 0 40 14 24 30-4 0-36", CREAM, 7)
    handle = path("M-30 22Q0-2 30 22C44 120 30 250 26 400H-26C-30 250-44 120-30 22z", OAK, "round") + oval(
        0, 42, 11, 11, "#6b4a24"
    )
    neck = (
        path("M-24 392H24L40 470H-40z", STEEL, "round")
        + line("M-30 424H30", SLATE, 4, 0.5)
        + line("M-35 446H35", SLATE, 4, 0.5)
    )
    head = path("M-122 512C-122 470-60 458 0 458S122 470 122 512V532H-122z", KRAFT, "round")
    whole = string + handle + neck + at(0, 528, _bristles(222, 112, CREAM, HONEY)) + head
    spare_head = at(0, -126, path("M-118 0C-118-40-60-54 0-54S118-40 118 0V20H-118z", KRAFT, "round"))
    spare = at(0, -112, _bristles(214, 108, CREAM, HONEY)) + spare_head
    return scene(
        "#d7876d",
        [hanging(430, 236, whole), nail(430, 204), standing(820, 270, spare, scale=1.1, depth=4)],
    )


def _towel(width: float, length: float, cloth: str, stripe: str, name: str) -> str:
    half = width / 2
    outline = (
        f"M{-half} 0H{half}C{half + 8} {length * 0.4} {half - 8} {length * 0.7} {half + 4} {length}"
        f"C{half * 0.6} {length + 14} {half * 0.3} {length - 10} 0 {length + 2}"
        f"S{-half * 0.7} {length + 12} {-half - 4} {length}"
        f"C{-half + 8} {length * 0.7} {-half - 8} {length * 0.4} {-half} 0z"
    )
    bands = "".join(
        box(x, 0, wide, length + 30, stripe)
        for x, wide in ((-half + 34, 26), (-half + 74, 9), (half - 60, 26), (half - 83, 9))
    )
    bands += box(-half - 20, length - 96, width + 40, 26, stripe) + box(
        -half - 20, length - 58, width + 40, 9, stripe
    )
    folds = line(
        f"M{-half * 0.3} 20C{-half * 0.24} {length * 0.5} {-half * 0.4} {length * 0.8} {-half * 0.3} {length}",
        "#000",
        16,
        0.06,
    )
    folds += line(
        f"M{half * 0.34} 20C{half * 0.26} {length * 0.5} {half * 0.44} {length * 0.8} {half * 0.36} {length}",
        "#000",
        22,
        0.06,
    )
    return path(outline, cloth) + clipped(name, outline, bands + folds) + path(outline, "none", "flat")


def towels() -> str:
    """Two tea towels over a rail."""
    pole = box(-460, -20, 920, 40, OAK, radius=20, light="down")
    ends = oval(-460, 0, 30, 30, HONEY, light="ball") + oval(460, 0, 30, 30, HONEY, light="ball")
    return scene(
        WALL_SKY,
        [
            hanging(600, 240, pole + ends),
            hanging(420, 220, _towel(370, 610, CHALK, LEAF, "towel-left")),
            hanging(794, 220, _towel(350, 540, CHALK, BRICK, "towel-right")),
        ],
    )


def _hung(spoon: str) -> str:
    return line("M0-26C-24 0-12 20 0 34 12 20 24 0 0-26", CREAM, 6) + spoon + oval(0, 36, 9, 9, "#4f3a1d")


def _handle(length: float, wood: str) -> str:
    return path(f"M-22 18Q0 0 22 18L17 {length}H-17z", wood, "round")


def spoons() -> str:
    """Three wooden spoons on their pegs."""
    bowl = path("M-20 396C-92 410-96 590 0 618 96 590 92 410 20 396z", OAK, "flat") + path(
        "M-2 424C-66 432-70 566 0 590 62 566 62 440-2 424z", "#000", opacity=0.14
    )
    flat = path("M-18 376L-76 444C-84 520-76 588-66 600H84C90 560 84 480 76 444L18 376z", KRAFT, "flat")
    slots = "".join(box(x, 464, 17, 106, "#000", radius=8, opacity=0.42) for x in (-42, -6, 30))
    corner = path("M-16 396C-76 420-92 520-84 620H74C84 540 70 420 16 396z", WALNUT, "flat")
    hole = oval(-2, 520, 30, 34, "#000", opacity=0.34)
    rail = box(-430, -18, 860, 44, WALNUT, radius=8, light="down")
    pegs = "".join(nail(x, 0) for x in (-250, 0, 250))
    hung = [
        hanging(350, 246, _hung(_handle(404, OAK) + bowl), scale=1.02),
        hanging(600, 246, _hung(_handle(384, KRAFT) + flat + slots), scale=1.02),
        hanging(850, 246, _hung(_handle(404, WALNUT) + corner + hole), scale=1.02),
    ]
    return scene("#2b6a58", [hanging(600, 216, rail), *hung, at(600, 220, pegs)])
