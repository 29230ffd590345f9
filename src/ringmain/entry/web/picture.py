"""The flow map as geometry: shops on a ring, and vouchers as drops that swell towards where they were spent; pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.voucher.api import FlowEdge

# Units of the drawing: it is square, and scales with the page.
SIZE = 720
_CENTRE = SIZE / 2
_RING = 300.0
_QUIET_RADIUS = 1.8
_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Dot:
    """A shop; so many people spent a voucher of another shop there. `quiet`: none came or went."""

    x: float
    y: float
    radius: float
    quiet: bool
    name: str
    received: int

    @property
    def spent(self) -> bool:
        """Whether vouchers of other shops were spent there."""
        return self.received > 0


@dataclass(frozen=True, slots=True)
class Drop:
    """One edge as a closed path that begins thin where vouchers were won; `heavy` marks those of the table."""

    path: str
    heavy: bool
    origin: str
    destination: str
    people: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the drawing shows; the strongest drops come last, so that they lie on top."""

    size: int
    centre: float
    ring: float
    dots: tuple[Dot, ...]
    drops: tuple[Drop, ...]


def draw(names: Mapping[UUID, str], edges: Sequence[FlowEdge], heavy: int) -> Picture:
    """Return the picture of the shops and of the edges, the strongest first, of which the first `heavy` are marked.

    `names` maps the ids of shops to their names, in the order in which they stand on the ring, from its top clockwise.
    """
    angles = {shop: 2 * math.pi * place / len(names) - math.pi / 2 for place, shop in enumerate(names)}
    received: dict[UUID, int] = {}
    for edge in edges:
        received[edge.spent_at] = received.get(edge.spent_at, 0) + edge.people
        received.setdefault(edge.won_at, 0)
    dots = [_dot(names[shop], angle, received.get(shop)) for shop, angle in angles.items()]
    # Quiet shops are drawn first: they must not cover the others where the ring is crowded.
    dots.sort(key=lambda dot: (not dot.quiet, dot.radius))
    drops = [
        _drop(names, edge, angles[edge.won_at], angles[edge.spent_at], rank < heavy) for rank, edge in enumerate(edges)
    ]
    return Picture(SIZE, _CENTRE, _RING, tuple(dots), tuple(reversed(drops)))


@dataclass(frozen=True, slots=True)
class TillDot:
    """One till on the ring of a trial; `code` is the rule that refused it, empty for the one that was accepted."""

    x: float
    y: float
    till: int
    code: str


@dataclass(frozen=True, slots=True)
class TillRing:
    """The tills of a trial, the accepted one last and on top, and the drop that runs to it."""

    dots: tuple[TillDot, ...]
    stream: str


def draw_tills(codes: Mapping[int, str]) -> TillRing:
    """Return the ring of the tills (number to rule), in a square of 448 units."""
    centre, ring, inner = 224.0, 196.0, 108.0
    angles = {till: 2 * math.pi * place / len(codes) - math.pi / 2 for place, till in enumerate(sorted(codes))}
    dots = [TillDot(*_around(centre, angle, ring), till, codes[till]) for till, angle in angles.items()]
    accepted = [till for till, code in codes.items() if not code]
    stream = ""
    if len(accepted) == 1:
        angle = angles[accepted[0]]
        tip, head = _around(centre, angle, inner), _around(centre, angle, ring - 18)
        across = (-math.sin(angle) * 7, math.cos(angle) * 7)
        left, right = (
            _text((head[0] + across[0], head[1] + across[1])),
            _text((head[0] - across[0], head[1] - across[1])),
        )
        stream = f"M{_text(tip)}L{left}A7 7 0 0 0 {right}Z"
    return TillRing(tuple(sorted(dots, key=lambda dot: not dot.code)), stream)


def _dot(name: str, angle: float, received: int | None) -> Dot:
    x, y = _on_ring(angle, _RING)
    if received is None:
        return Dot(x, y, _QUIET_RADIUS, quiet=True, name=name, received=0)
    # The area, not the radius, grows with the number of people.
    radius = 3.2 + 1.1 * math.sqrt(received)
    return Dot(x, y, round(radius, 1), quiet=False, name=name, received=received)


def _drop(names: Mapping[UUID, str], edge: FlowEdge, start: float, end: float, heavy: bool) -> Drop:
    """Return a tapered curve: two quadratic Bezier curves from one point, joined by a round head."""
    begin, finish = _on_ring(start, _RING), _on_ring(end, _RING)
    control = _control(start, end)
    half_width = 0.8 + 1.25 * math.sqrt(edge.people)
    along = _unit(control, finish)
    across = (-along[1] * half_width, along[0] * half_width)
    # Each side's control point is moved half as far as its end, which tapers the drop evenly.
    left = _text((finish[0] + across[0], finish[1] + across[1]))
    right = _text((finish[0] - across[0], finish[1] - across[1]))
    left_control = _text((control[0] + across[0] / 2, control[1] + across[1] / 2))
    right_control = _text((control[0] - across[0] / 2, control[1] - across[1] / 2))
    head = f"{half_width:.1f} {half_width:.1f} 0 0 0"
    path = f"M{_text(begin)}Q{left_control} {left}A{head} {right}Q{right_control} {_text(begin)}Z"
    return Drop(path, heavy, names[edge.won_at], names[edge.spent_at], edge.people)


def _control(start: float, end: float) -> _Point:
    """Return the point that bends a curve inwards, and a little to the right, so that there and back lie apart."""
    gap = (end - start + math.pi) % (2 * math.pi) - math.pi
    half_chord = _RING * abs(math.sin(gap / 2))
    # Neighbours curl along the ring, opposite shops meet near the centre.
    depth = max(_RING * math.cos(gap / 2) - 30 - 0.75 * half_chord, 0.0)
    x, y = _on_ring(start + gap / 2, depth)
    aside = _unit(_on_ring(start, _RING), _on_ring(end, _RING))
    shift = 6 + 0.12 * half_chord
    return x - aside[1] * shift, y + aside[0] * shift


def _on_ring(angle: float, radius: float) -> _Point:
    return _around(_CENTRE, angle, radius)


def _around(centre: float, angle: float, radius: float) -> _Point:
    return round(centre + radius * math.cos(angle), 1), round(centre + radius * math.sin(angle), 1)


def _unit(start: _Point, end: _Point) -> _Point:
    length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    return (end[0] - start[0]) / length, (end[1] - start[1]) / length


def _text(point: _Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
