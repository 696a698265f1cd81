"""The geometry of charts: heights are in proportion, nothing leaves the drawing, labels have room."""

from hypothesis import given
from hypothesis import strategies as st

from home.charts import HEIGHT, WIDTH, stacked_bars

NUMBERS = st.lists(st.integers(0, 10**6), min_size=3, max_size=3)
ROWS = st.lists(st.tuples(st.just("a"), st.just("b"), NUMBERS), max_size=60)


@given(ROWS)
def test_every_piece_lies_inside_and_is_as_high_as_its_share(rows: list[tuple[str, str, list[int]]]) -> None:
    chart = stacked_bars(rows)
    unit = (chart.grid[0].y - chart.grid[-1].y) / int(chart.grid[-1].value)
    for bar, (_label, _title, numbers) in zip(chart.bars, rows, strict=True):
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert [segment.series for segment in bar.segments] == [n for n, value in enumerate(numbers) if value]
        for segment in bar.segments:
            assert 0 <= segment.y <= segment.y + segment.height <= HEIGHT
            assert abs(segment.height - numbers[segment.series] * unit) < 0.1


def test_many_bars_have_few_labels() -> None:
    chart = stacked_bars([(str(day), "", [1]) for day in range(31)])
    assert 4 <= len([bar for bar in chart.bars if bar.label]) <= 8


def test_the_scale_can_end_at_a_number_of_its_own() -> None:
    chart = stacked_bars([("a", "b", [450])], top=500, words=lambda value: f"{value / 100}")
    assert [line.value for line in chart.grid] == ["0.0", "2.5", "5.0"]
    assert chart.bars[0].segments[0].height == round(0.9 * (chart.grid[0].y - chart.grid[-1].y), 2)


def test_a_scale_of_few_has_each_number() -> None:
    assert [line.value for line in stacked_bars([], top=5).grid] == ["0", "1", "2", "3", "4", "5"]


def test_nothing_to_show_is_an_empty_chart() -> None:
    assert stacked_bars([]).bars == []
