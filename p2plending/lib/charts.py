"""Charts as SVG written by the server: no script, coloured by tokens, sharp in both modes and on paper.

Horizontal places are per cent, so text keeps its size on every screen; heights are pixels. Colours are classes: c1…c5
for series, k0…k4 for lateness (always in that order), ga…ge for grades, ct for the rest of a whole. Amounts are minor
units.
A chart has a name (`title_id` is the id of its heading) or, when words and figures stand beside it, is decoration.
Under two points nothing is drawn: show the figure instead. Put each into `components/figure.html` with its table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from p2plending.lib.formatting import format_money

_EMPTY = mark_safe("")
_HUNDREDTH = Decimal("0.01")
_STEPS = (10, 20, 25, 50)
_MAX_GRID_LINES = Decimal("4.6")
_TOP, _BOTTOM = 16, 24
_DOTS_PER_ROW = 12


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart: its name, its class and one amount a label."""

    label: str
    css: str
    values: Sequence[int]


def _percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    return (Decimal(part) * 100 / Decimal(whole)).quantize(_HUNDREDTH) if whole else Decimal(0)


def axis_step(top: int) -> int:
    """The distance of the grid lines in minor units: 10, 20, 25 or 50 times a power of ten, for at most five lines."""
    power = 1
    while True:
        for base in _STEPS:
            if Decimal(top) / (base * power) <= _MAX_GRID_LINES:
                return base * power
        power *= 10


def _axis_label(minor: int) -> str:
    unit = 10**settings.CURRENCY_EXPONENT
    if minor and minor % (1000 * unit) == 0:
        return f"{settings.CURRENCY_SYMBOL}{minor // (1000 * unit)}k"
    return format_money(minor, whole=True)


def _svg(height: int, body: SafeString, title_id: str = "") -> SafeString:
    if title_id:
        return format_html(
            '<svg class="ch" height="{}" role="img" aria-labelledby="{}">{}</svg>', height, title_id, body
        )
    return format_html('<svg class="ch" height="{}" aria-hidden="true">{}</svg>', height, body)


class _Scale:
    """Amounts to pixels from the top, with the grid that belongs to it."""

    def __init__(self, top: int, height: int) -> None:
        self.step = axis_step(top)
        self.lines = -(-top // self.step)
        self.room = height - _TOP - _BOTTOM
        self.base = _TOP + self.room
        labels = [_axis_label(n * self.step) for n in range(self.lines + 1)]
        self.left = Decimal(2) * max(len(label) for label in labels) + 1
        self.labels = labels

    def y(self, minor: int) -> Decimal:
        share = Decimal(minor) / (self.step * self.lines)
        return (self.base - share * self.room).quantize(Decimal("0.1"))

    def grid(self) -> SafeString:
        rows = []
        for n, label in enumerate(self.labels):
            y = self.y(n * self.step)
            rows.append(("gl base" if n == 0 else "gl", self.left, y, y, self.left - 1, y + 4, label))
        return format_html_join(
            "",
            '<line class="{}" x1="{}%" x2="100%" y1="{}" y2="{}"/><text x="{}%" y="{}" text-anchor="end">{}</text>',
            rows,
        )


def stacked_bars(
    *, title_id: str, labels: Sequence[str], series: Sequence[Series], height: int = 220, thin: int = 2
) -> SafeString:
    """Bars by month, one stack a label, starting at zero. `thin` keeps every n-th label on a phone."""
    totals = [sum(one.values[n] for one in series) for n in range(len(labels))]
    if len(labels) < 2 or max(totals) <= 0:
        return _EMPTY
    scale = _Scale(max(totals), height)
    slot = (100 - scale.left) / len(labels)
    parts = [scale.grid()]
    for n, label in enumerate(labels):
        x = scale.left + slot * n
        bars, below = [], 0
        for one in series:
            if one.values[n] > 0:
                top = scale.y(below + one.values[n])
                left, width = (x + slot / 5).quantize(_HUNDREDTH), (slot * 3 / 5).quantize(_HUNDREDTH)
                bars.append((one.css, left, width, top, scale.y(below) - top))
                below += one.values[n]
        parts.append(
            format_html(
                '<g>{}<title>{}: {}</title></g><text x="{}%" y="{}" text-anchor="middle"{}>{}</text>',
                format_html_join("", '<rect class="{}" x="{}%" width="{}%" y="{}" height="{}"/>', bars),
                label,
                format_money(totals[n]),
                (x + slot / 2).quantize(_HUNDREDTH),
                height - 6,
                format_html(' class="{}"', "hide-s") if n % thin else "",
                label,
            )
        )
    return _svg(height, format_html_join("", "{}", ((part,) for part in parts)), title_id)


def balance_line(
    *, title_id: str, points: Sequence[int], now: int, labels: Sequence[tuple[int, str]], height: int = 200
) -> SafeString:
    """What is still owed after each payment: solid up to `now` (an index of `points`), dashed as planned after it."""
    if len(points) < 2 or max(points) <= 0:
        return _EMPTY
    scale = _Scale(max(points), height)
    last, whole = len(points) - 1, scale.step * scale.lines
    places = [(_percent(n, last), 100 - _percent(value, whole)) for n, value in enumerate(points)]
    paid = " ".join(f"{x},{y}" for x, y in places[: now + 1])
    planned = " ".join(f"{x},{y}" for x, y in places[now:])
    here = (scale.left + (100 - scale.left) * now / last).quantize(_HUNDREDTH)
    ends = now > last / 2
    marks = [
        (
            (scale.left + (100 - scale.left) * n / last).quantize(_HUNDREDTH),
            height - 4,
            "start" if n == 0 else "end" if n == last else "middle",
            label,
        )
        for n, label in labels
    ]
    body = format_html(
        '{}<svg x="{}%" y="{}" width="{}%" height="{}" viewBox="0 0 100 100" preserveAspectRatio="none"'
        ' overflow="visible"><path class="ar" d="M0,100 L{} L{},100 Z"/><polyline class="ln" points="{}"/>'
        '<polyline class="ln ln--2" points="{}"/></svg><circle class="c1" cx="{}%" cy="{}" r="5"/>'
        '<text class="sel" x="{}%" y="{}" text-anchor="{}">{}</text>{}',
        scale.grid(),
        scale.left,
        _TOP,
        100 - scale.left,
        scale.room,
        paid.replace(" ", " L"),
        places[now][0],
        paid,
        planned,
        here,
        scale.y(points[now]),
        here - 1 if ends and now == last else here + Decimal("1.5"),
        max(scale.y(points[now]) - 9, Decimal(12)),
        "end" if ends and now == last else "start",
        _("%(amount)s today") % {"amount": format_money(points[now])},
        format_html_join("", '<text x="{}%" y="{}" text-anchor="{}">{}</text>', marks),
    )
    return _svg(height, body, title_id)


def strip(parts: Sequence[tuple[str, int]], *, title_id: str = "", height: int = 14) -> SafeString:
    """Parts of a whole in one line: (class, amount). A small part stays visible. The figures stand beside it."""
    total = sum(value for _css, value in parts)
    if total <= 0:
        return _EMPTY
    x, bars = Decimal(0), []
    for css, value in parts:
        width = Decimal(value) * 100 / total
        if value > 0:
            shown = max(width - Decimal("0.35"), Decimal("0.4")).quantize(_HUNDREDTH)
            bars.append((css, x.quantize(_HUNDREDTH), shown, height))
        x += width
    return _svg(
        height,
        format_html_join("", '<rect class="{}" x="{}%" width="{}%" height="{}" rx="3"/>', bars),
        title_id,
    )


def target_bar(
    css: str, value: Decimal | int, maximum: Decimal | int, target: Decimal | int | None = None
) -> SafeString:
    """One bar of a list, with a tick at its target. The per cent figures stand beside it."""
    height = 14
    tick = _EMPTY
    if target is not None:
        x = _percent(target, maximum)
        tick = format_html('<line class="tgt" x1="{}%" x2="{}%" y1="-3" y2="{}"/>', x, x, height + 3)
    body = format_html(
        '<rect class="ct" width="100%" height="{}" rx="3"/><rect class="{}" width="{}%" height="{}" rx="3"/>{}',
        height,
        css,
        min(_percent(value, maximum), Decimal(100)),
        height,
        tick,
    )
    return _svg(height, body)


def payment_dots(paid: Sequence[bool]) -> SafeString:
    """One dot a payment: filled when paid, ringed when next. Say the same in words beside it."""
    dots, total = [], len(paid)
    following = next((n for n, is_paid in enumerate(paid) if not is_paid), total)
    for n, is_paid in enumerate(paid):
        kind = "pd--ok" if is_paid else "pd--next" if n == following else ""
        x = _percent(2 * (n % _DOTS_PER_ROW) + 1, 2 * _DOTS_PER_ROW)
        dots.append((f"pd {kind}".strip(), x, 9 + 22 * (n // _DOTS_PER_ROW), 6 if n == following else 7))
    rows = -(-total // _DOTS_PER_ROW)
    return _svg(22 * (rows - 1) + 18, format_html_join("", '<circle class="{}" cx="{}%" cy="{}" r="{}"/>', dots))


def funnel(steps: Sequence[tuple[str, int]]) -> SafeString:
    """How many are left after each rule: a bar a step, its words and its number, as a list."""
    most = max((count for _label, count in steps), default=0)
    if most <= 0:
        return _EMPTY
    rows = [(label, count, target_bar("c1", count, most)) for label, count in steps]
    return format_html('<ol class="funnel">{}</ol>', format_html_join("", "<li><span>{}</span><b>{}</b>{}</li>", rows))


def shared_out(parts: Sequence[int], *, title_id: str = "", height: int = 96) -> SafeString:
    """A whole above and its parts below, each joined to its place in the whole. Say the figures in words beside it."""
    total = sum(parts)
    if total <= 0 or len(parts) < 2:
        return _EMPTY
    bar = 18
    x, pieces = Decimal(0), []
    for number, value in enumerate(parts):
        width = Decimal(value) * 100 / total
        middle = (x + width / 2).quantize(_HUNDREDTH)
        shown = max(width - Decimal("0.4"), Decimal("0.3")).quantize(_HUNDREDTH)
        css = ("c1", "c2", "c3")[number % 3]
        pieces.append((css, x.quantize(_HUNDREDTH), shown, height - bar, bar, middle, middle, bar, height - bar))
        x += width
    body = format_html(
        '<rect class="c1" width="100%" height="{}" rx="3"/>{}',
        bar,
        format_html_join(
            "",
            '<rect class="{}" x="{}%" width="{}%" y="{}" height="{}" rx="2"/>'
            '<line class="gl" x1="{}%" x2="{}%" y1="{}" y2="{}"/>',
            pieces,
        ),
    )
    return _svg(height, body, title_id)


def timeline(steps: Sequence[tuple[str, str]], *, title_id: str = "", height: int = 56) -> SafeString:
    """Moments in order on a line: (class, short label). What happens at each stands in words beside it."""
    if len(steps) < 2:
        return _EMPTY
    slot = Decimal(100) / len(steps)
    rows = []
    for number, (css, label) in enumerate(steps):
        x = (slot * number + slot / 2).quantize(_HUNDREDTH)
        rows.append((css, x, x, height - 10, label))
    first, last = rows[0][1], rows[-1][1]
    body = format_html(
        '<line class="gl base" x1="{}%" x2="{}%" y1="16" y2="16"/>{}',
        first,
        last,
        format_html_join(
            "", '<circle class="{}" cx="{}%" cy="16" r="8"/><text x="{}%" y="{}" text-anchor="middle">{}</text>', rows
        ),
    )
    return _svg(height, body, title_id)
