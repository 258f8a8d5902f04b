# SPDX-License-Identifier: BSD-3-Clause
"""Line and bar charts as SVG text. Light background, a legend on top, units at the axes, no more than that."""
import math
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 74, 54
COLOURS = {"Gangway": "#0a6aa1", "Go": "#d1495b", "Boost.Fiber": "#8a5fa8", "threads": "#5b8c2a", "floor": "#777777"}
SPARE = ["#c77c02", "#2a9d8f", "#444444"]
FONT = 'font-family="system-ui, -apple-system, Segoe UI, DejaVu Sans, sans-serif"'
INK, FAINT = "#222222", "#dddddd"


def short(value):
    """1,000 is 1 k. Whole below ten as well, where it is."""
    for size, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.3g}"


def text(x, y, what, size=13, anchor="start", colour=INK, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" {more}>' \
           f'{escape(what)}</text>'


def line(x1, y1, x2, y2, colour=FAINT):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def colour_of(name, others):
    first = name.split(",")[0]
    return COLOURS[first] if name in COLOURS or first not in others else SPARE[others.index(name) % len(SPARE)]


def page(height, body):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" ' \
           f'{FONT}>\n<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"


def legend(names, y):
    """In one line, each as wide as its text."""
    body, x = [], LEFT
    for name in names:
        colour = colour_of(name, names)
        body.append(f'<rect x="{x}" y="{y - 10}" width="18" height="10" rx="2" fill="{colour}"/>')
        body.append(text(x + 24, y, name))
        x += 24 + 7.6 * len(name) + 22
    return body


class log_axis:
    """From a value to a place between two ends. A zero gets a place of its own, before the least of the others."""
    def __init__(self, values, low, high, whole_decades):
        above = [v for v in values if v > 0]
        self.low, self.high = low, high
        self.zero = any(v == 0 for v in values)
        self.least, self.most = math.log10(min(above)), math.log10(max(above))
        if whole_decades:
            self.least, self.most = math.floor(self.least + 1e-9), math.ceil(self.most - 1e-9)
        if self.zero:
            self.least -= 1
        if self.most == self.least:
            self.most += 1

    def __call__(self, value):
        at = self.least if value == 0 else math.log10(value)
        return self.low + (self.high - self.low) * (at - self.least) / (self.most - self.least)

    def ticks(self):
        """Each power of ten; 2 and 5 of each too, where there are few."""
        decades = range(math.floor(self.least), math.ceil(self.most) + 1)
        steps = (1, 2, 5) if self.most - self.least <= 2 else (1,)
        values = [step * 10.0 ** d for d in decades for step in steps]
        return [v for v in values if self.least - 1e-9 <= math.log10(v) <= self.most + 1e-9]


class linear_axis:
    def __init__(self, values, low, high):
        self.low, self.high = low, high
        step = 10 ** math.floor(math.log10(max(values)))
        while max(values) / step < 3:
            step /= 2
        self.step = step
        self.most = step * math.ceil(max(values) / step)

    def __call__(self, value):
        return self.low + (self.high - self.low) * value / self.most

    def ticks(self):
        return [self.step * i for i in range(round(self.most / self.step) + 1)]


def lines(title, x_label, y_label, series, y_log=True):
    """series: {name: [(x, y)]}; the x axis is logarithmic and has a tick at each x."""
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    across = log_axis(xs, LEFT + 14, WIDTH - RIGHT - 14, False)
    up = log_axis(ys, HEIGHT - BOTTOM, TOP, True) if y_log else linear_axis(ys, HEIGHT - BOTTOM, TOP)
    body = [text(LEFT, 26, title, 17, more='font-weight="600"')] + legend(list(series), 52)
    for value in up.ticks():
        body += [line(LEFT, up(value), WIDTH - RIGHT, up(value)),
                 text(LEFT - 8, up(value) + 4, short(value), 12, "end")]
    for x in xs:
        body += [line(across(x), HEIGHT - BOTTOM, across(x), HEIGHT - BOTTOM + 5, INK),
                 text(across(x), HEIGHT - BOTTOM + 20, short(x), 12, "middle")]
    body.append(line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, INK))
    body.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, 13, "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    body.append(text(18, middle, y_label, 13, "middle", more=f'transform="rotate(-90 18 {middle:.0f})"'))
    for name, points in series.items():
        colour = colour_of(name, list(series))
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(points))
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
                    'stroke-linejoin="round"/>')
        body += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
    return page(HEIGHT, body)


def bars(title, x_label, groups):
    """groups: [(label, [(name, value)])]; a logarithmic axis, the value at the end of each bar."""
    names = list(dict.fromkeys(name for _, values in groups for name, _ in values))
    thick, gap, left = 14, 14, 190
    height = TOP + sum(thick * len(values) + gap for _, values in groups) + BOTTOM
    all_values = [value for _, values in groups for _, value in values]
    across = log_axis(all_values, left, WIDTH - RIGHT - 60, True)
    body = [text(24, 26, title, 17, more='font-weight="600"')] + legend(names, 52)
    for value in across.ticks():
        body += [line(across(value), TOP, across(value), height - BOTTOM),
                 text(across(value), height - BOTTOM + 18, short(value), 12, "middle")]
    y = TOP + gap / 2
    for label, values in groups:
        body.append(text(left - 10, y + thick * len(values) / 2 + 4, label, 13, "end"))
        for name, value in values:
            body.append(f'<rect x="{left}" y="{y:.1f}" width="{max(across(value) - left, 1):.1f}" '
                        f'height="{thick - 2}" fill="{colour_of(name, names)}"/>')
            body.append(text(max(across(value), left + 1) + 6, y + thick - 3.5, short(value), 11))
            y += thick
        y += gap
    body.append(text((left + WIDTH) / 2, height - 12, x_label, 13, "middle"))
    return page(height, body)
