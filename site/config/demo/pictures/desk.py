"""Things for the desk, drawn: notebooks, pencils, a lamp, a clock, scissors."""

from math import cos, radians, sin

from config.demo.pictures.paper import (
    BRICK,
    CHALK,
    CREAM,
    FOREST,
    HONEY,
    KRAFT,
    LEAF,
    MINT,
    PINE,
    SLATE,
    STEEL,
    SUN,
    WALL_BLUSH,
    WALL_MINT,
    WALL_SAND,
    at,
    box,
    hanging,
    line,
    nail,
    oval,
    path,
    scene,
    standing,
)


def _notebook(width: float, height: float, cover: str, band: str) -> str:
    left, top = -width / 2, -height
    pages = box(left + 10, top + 9, width + 2, height - 14, CREAM, radius=6)
    edges = "".join(line(f"M{left + width + step} {top + 16}V-14", "#d3ccb8", 1.6) for step in (4, 8))
    front = box(left, top, width, height, cover, radius=14, light="flat")
    spine = box(left, top, 34, height, "#000", radius=14, opacity=0.14)
    label = box(left + width * 0.27, top + height * 0.2, width * 0.44, height * 0.15, CHALK, radius=5)
    words = line(f"M{left + width * 0.33} {top + height * 0.255}h{width * 0.32}", SLATE, 5, 0.6) + line(
        f"M{left + width * 0.33} {top + height * 0.3}h{width * 0.2}", SLATE, 5, 0.4
    )
    elastic = box(left + width * 0.84, top, 15, height, band, light="flat")
    ribbon = path(f"M{left + 70} -4h16v54l-8-12-8 12z", band)
    return pages + edges + ribbon + front + spine + label + words + elastic


def notebooks() -> str:
    """Three notebooks side by side."""
    return scene(
        WALL_BLUSH,
        [
            standing(432, 380, at(0, 0, _notebook(400, 590, SUN, PINE), turn=-5)),
            standing(640, 430, _notebook(440, 640, FOREST, SUN), depth=4),
            standing(880, 270, _notebook(262, 382, BRICK, CREAM), depth=16),
        ],
    )


def _page(side: int) -> str:
    edge = 430 * side
    sheet = f"M0 0C{90 * side}-26 {300 * side}-24 {edge}-6V560C{300 * side} 542 {90 * side} 540 0 566Z"
    stack = f"M0 12C{90 * side}-14 {300 * side}-12 {edge + 12 * side} 8V578C{300 * side} 560 {90 * side} 556 0 582Z"
    return path(stack, "#d9d2bf") + path(sheet, CHALK)


def notebook_open() -> str:
    """A notebook seen from above, lying flat."""
    rules = "".join(
        line(f"M46 {y}C140 {y - 22} 300 {y - 20} 392 {y - 4}", STEEL, 3, 0.75) for y in range(80, 540, 42)
    )
    fold = path(
        "M-60-14C-30-18-10-8 0 0 10-8 30-18 60-14V552C30 548 10 558 0 566-10 558-30 548-60 552Z",
        PINE,
        opacity=0.1,
    )
    cover = box(-462, -34, 924, 634, FOREST, radius=18, light="flat")
    ribbon = line("M6 4C30 220-10 420 26 690", SUN, 13)
    book = cover + _page(-1) + _page(1) + rules + fold + ribbon + at(-250, 330, _pencil(SUN), turn=62)
    flat = f'<g filter="url(#cast)">{at(600, 320, book, turn=-4)}</g>'
    wall = box(0, 0, 1200, 1200, "#e7cdbf") + box(0, 0, 1200, 1200, "url(#wall)")
    return scene(WALL_BLUSH, [wall, flat])


def _pencil(colour: str, length: float = 470) -> str:
    top = -length
    barrel = (
        path(f"M-26 0V{top}h17V0z", colour)
        + path(f"M-26 0V{top}h17V0z", "#fff", opacity=0.28)
        + path(f"M-9 0V{top}h18V0z", colour)
        + path(f"M9 0V{top}h17V0z", colour)
        + path(f"M9 0V{top}h17V0z", "#000", opacity=0.2)
    )
    wood = path(f"M-26 {top}q8-14 17 0q9-14 18 0q9-14 17 0L8 {top - 78}H-8z", KRAFT, "round")
    lead = path(f"M-8 {top - 78}H8L2 {top - 104}q-2-5-4 0z", "#33403b")
    return wood + lead + barrel


def pencils() -> str:
    """Six pencils in their box."""
    colours = (BRICK, SUN, MINT, CREAM, LEAF, HONEY)
    heights = (498, 520, 506, 528, 512, 500)
    row = "".join(
        at(-155 + 62 * place, -70, _pencil(colour, height))
        for place, (colour, height) in enumerate(zip(colours, heights, strict=True))
    )
    back = box(-212, -400, 424, 380, "#d9cdb2", radius=6)
    front = path("M-212-350C-120-350-70-300 0-300S120-350 212-350V0H-212z", CREAM, "flat")
    band = box(-212, -196, 424, 110, BRICK, light="flat")
    drawn = line("M-150-141h190l34-0", CREAM, 14) + path("M60-163l64 22-64 22z", CREAM)
    return scene(FOREST, [standing(600, 460, back + row + front + band + drawn, scale=1.06)])


def lamp(colour: str = SUN, wall: str = "#114f3e") -> str:
    """A small desk lamp, switched on."""
    glow = path("M-330-560L-70-470 60 0H-470z", "#fff3c4", opacity=0.2)
    base = oval(90, -6, 165, 36, "#a9791a") + oval(90, -22, 165, 36, colour, light="round")
    arm = line("M90-30L216-390", CREAM, 24) + line("M216-390L-70-640", CREAM, 24)
    joints = oval(90, -34, 30, 22, HONEY, light="ball") + oval(216, -390, 32, 32, HONEY, light="ball")
    inside = oval(0, 0, 172, 42, "#fff6d6")
    bulb = oval(0, 14, 56, 52, "#fffdf2")
    shade = path(
        "M-172 0C-168-120-96-196-44-206H44C96-196 168-120 172 0A172 42 0 0 0-172 0Z", colour, "round"
    )
    cap = box(-46, -250, 92, 52, HONEY, radius=14, light="round")
    head = at(-158, -548, cap + inside + bulb + shade, turn=24)
    flex = line("M240-10C340-6 380 6 470 2S600-8 720 2", CREAM, 9)
    whole = standing(590, 300, flex + base + arm + joints + head, scale=0.93, depth=6)
    return scene(wall, [at(600, 962, glow, scale=0.93), whole])


def clock(rim: str = BRICK, wall: str = WALL_MINT) -> str:
    """A wall clock, a little after ten."""
    ticks = "".join(
        line(
            f"M{sin(radians(angle)) * 226:.1f} {-cos(radians(angle)) * 226:.1f}"
            f"L{sin(radians(angle)) * (196 if angle % 90 else 176):.1f} "
            f"{-cos(radians(angle)) * (196 if angle % 90 else 176):.1f}",
            PINE,
            8 if angle % 90 else 15,
        )
        for angle in range(0, 360, 30)
    )
    face = (
        oval(0, 0, 320, 320, rim, light="ball")
        + oval(0, 0, 268, 268, "#e8e5d9")
        + oval(4, 6, 262, 262, CHALK)
    )
    hands = line("M0 0L-88-112", PINE, 22) + line("M0 0L118-150", PINE, 15) + line("M-20 44L86-190", HONEY, 6)
    hub = oval(0, 0, 20, 20, PINE) + oval(0, 0, 8, 8, SUN)
    return scene(wall, [hanging(600, 550, face + ticks + hands + hub, scale=1.02)])


def _half(handle: str, blade: str) -> str:
    steel = path("M-27-34C-36 120-24 360 0 500 24 370 36 100 27-34z", blade, "round")
    steel += line("M-12 20C-16 180-10 330 0 460", "#fff", 5, 0.5)
    bow = '<ellipse cx="-104" cy="-216" rx="84" ry="116" fill="none" stroke="{}" stroke-width="42" {}/>'
    ring = bow.format(handle, 'transform="rotate(-8 -104 -216)"')
    shade = bow.format("#000", 'stroke-opacity=".14" transform="translate(7 9) rotate(-8 -104 -216)"')
    shank = path("M-30 6C-36-56-58-86-84-104L-32-132C2-92 24-54 28 2z", handle, "flat")
    return steel + shank + shade + ring


def scissors(handle: str = LEAF, wall: str = WALL_SAND) -> str:
    """Household scissors on a nail."""
    back = f'<g transform="rotate(12) scale(-1 1)">{_half(handle, STEEL)}</g>'
    front = at(0, 0, _half(handle, "#d7e0de"), turn=-12)
    screw = oval(0, 0, 24, 24, SLATE, light="ball") + line("M-10-10L10 10", CREAM, 5)
    pair = at(0, 0, back + front + screw, turn=28)
    return scene(wall, [hanging(630, 500, pair, scale=0.8), nail(607, 260)])
