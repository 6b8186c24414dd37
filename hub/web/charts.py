"""The arithmetic of the charts; the templates draw them."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from flask import Flask

CLASSES = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a stacked bar, in the units of a chart 100 high and 10 wide per column."""

    series: int
    x: float
    y: float
    height: float


def install(app: Flask) -> None:
    """Give the macros what they draw from."""
    app.jinja_env.globals.update(line_points=line_points, stacked_bars=stacked_bars, heat_classes=heat_classes)


def line_points(values: Sequence[float], width: int = 100, height: int = 24) -> str:
    """Return the points of an SVG polyline through the values, from the left to the right edge."""
    if not values:
        return ""
    low, high = min(values), max(values)
    step, scale = width / max(len(values) - 1, 1), (height - 2) / ((high - low) or 1)
    middle = height / 2
    heights = [height - 1 - (value - low) * scale if high > low else middle for value in values]
    return " ".join(f"{index * step:.1f},{y:.1f}" for index, y in enumerate(heights))


def stacked_bars(columns: Sequence[Sequence[float]]) -> list[list[Bar]]:
    """Return each column's bars from the bottom up; the highest column is as high as the chart."""
    highest = max((sum(column) for column in columns), default=0) or 1
    result = []
    for index, column in enumerate(columns):
        top, bars = 100.0, []
        for series, value in enumerate(column):
            height = value * 100 / highest
            top -= height
            if value:
                bars.append(Bar(series + 1, index * 10 + 1, round(top, 2), round(height, 2)))
        result.append(bars)
    return result


def heat_classes(rows: Sequence[Sequence[float]]) -> list[list[int]]:
    """Return for each number which fifth of all numbers above zero it belongs to, 1 to 5; 0 for zero."""
    numbers = [number for row in rows for number in row if number > 0]
    bounds = quantiles(numbers, n=CLASSES) if len(numbers) > 1 else []
    return [[bisect_right(bounds, number) + 1 if number > 0 else 0 for number in row] for row in rows]
