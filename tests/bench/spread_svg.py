"""docs/spread.svg: polls a minute of two fleets, one above the other, on one scale."""

from collections.abc import Iterator, Sequence
from math import log10

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT = 72, 740
PANEL_HEIGHT = 120
TOPS = (58, 230)  # of the two panels
DECADES = ("1", "10", "100", "1,000", "10,000", "100,000")
HOURS = 13

# A card of its own colour: legible wherever a page in light or dark places it.
STYLE = """\
svg { background: #fff; color: #1f2328; font: 13px system-ui, sans-serif; }
text { fill: currentColor; }
.card { fill: #fff; stroke: #d1d9e0; }
.grid { stroke: #e4e8ec; }
.quiet { fill: #59636e; font-size: 12px; }
.title { font-weight: 600; }
.bars { fill: currentColor; fill-opacity: 0.2; stroke: currentColor; stroke-width: 1.2; }
.naive { color: #c2410c; }
.slotcast { color: #0969da; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; color: #f0f6fc; }
  .card { fill: #0d1117; stroke: #3d444d; }
  .grid { stroke: #2a3038; }
  .quiet { fill: #9aa4ae; }
  .naive { color: #f0883e; }
  .slotcast { color: #58a6ff; }
}"""


def draw(naive: Sequence[int], slotcast: Sequence[int]) -> str:
    """The picture as SVG, from the polls in each minute of both fleets."""
    boards, later = max(naive), round(sum(slotcast[-360:]) / 360)
    first = max(slotcast[:6])
    parts = [
        '<rect class="card" x="0.5" y="0.5" width="759" height="399" rx="6"/>',
        _text(16, 26, "title", f"Polls a minute of {boards:,} boards after a power failure"),
        *_panel(TOPS[0], "naive", naive),
        _label(TOPS[0], f"all at once, every 6 hours: {boards:,} in one minute"),
        *_panel(TOPS[1], "slotcast", slotcast),
        _label(TOPS[1], f"Slotcast: {first:,} in the busiest minute, later some {later}"),
        *_hours(TOPS[1] + PANEL_HEIGHT),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    title = f"<title>Polls a minute of {boards:,} boards after a power failure</title>"
    return "\n".join([head, title, f"<style>\n{STYLE}\n</style>", *parts, "</svg>"]) + "\n"


def _panel(top: int, kind: str, counts: Sequence[int]) -> Iterator[str]:
    for decade, name in enumerate(DECADES):
        y = _y(top, 10**decade)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield _text(LEFT - 8, y + 4, "quiet", name, "end")
    yield f'<path class="bars {kind}" d="{_bars(top, counts)}"/>'


def _bars(top: int, counts: Sequence[int]) -> str:
    """One outline of all minutes, in steps; where nobody polls it lies at the bottom."""
    bottom = top + PANEL_HEIGHT
    path, height_before = [], f"{bottom:.1f}"
    for minute, count in enumerate([*counts, 0]):
        height = f"{_y(top, count) if count else bottom:.1f}"
        if height != height_before:
            start = "" if path else f"M{LEFT} {bottom}"
            path.append(f"{start}H{_x(minute):.1f}V{height}")
            height_before = height
    return "".join(path) + f"H{RIGHT}Z"


def _hours(bottom: int) -> Iterator[str]:
    for hour in range(0, HOURS + 1):
        yield _text(_x(hour * 60), bottom + 18, "quiet", str(hour), "middle")
    yield _text(
        RIGHT,
        bottom + 38,
        "quiet",
        "hours after power came back; the scale of polls is logarithmic",
        "end",
    )


def _label(top: int, words: str) -> str:
    return _text(LEFT, top - 8, "", words)


def _text(x: float, y: float, kind: str, words: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _x(minute: int) -> float:
    return LEFT + (RIGHT - LEFT) * minute / (HOURS * 60)


def _y(top: int, count: int) -> float:
    """A logarithmic scale: a poll a minute lies at the bottom."""
    return top + PANEL_HEIGHT * (1 - log10(count) / (len(DECADES) - 1))
