"""Money is an integer of minor units with a currency; never a float, and rounding is always stated."""

from dataclasses import dataclass

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, fen) of one currency (ISO 4217, or a ledger currency such as points)."""

    amount_minor: int
    currency: str


def share_minor(amount_minor: int, basis_points: int) -> int:
    """Return `basis_points` ten-thousandths of an amount, rounded half away from zero to the minor unit."""
    product = abs(amount_minor) * basis_points
    rounded = (product * 2 + BASIS_POINTS) // (2 * BASIS_POINTS)
    return rounded if amount_minor >= 0 else -rounded
