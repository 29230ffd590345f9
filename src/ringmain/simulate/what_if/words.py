"""What an answer rests on, as plain sentences for a terminal."""

from ringmain.simulate.what_if.change import CAUSED, DAYS, LOST, MORE, AddShop, Answer, DoubleBudget, RemoveShop


def assumed(answer: Answer) -> list[str]:
    """Return what was assumed because no figure of the network tells it."""
    copied = (
        f"A made-up copy of this network: {answer.people:,} people and {answer.visits:,} visits of {answer.days} days "
        f"say who wants what how often, what each shop draws, and that the way matters by {answer.way_km:g} km."
    )
    lines = [
        copied,
        f"{answer.pairs} pairs of {DAYS} days were lived with the same chance; 95 of 100 lie within the ranges.",
    ]
    if isinstance(answer.question, RemoveShop | AddShop):
        low, high = (f"{share:.0%}" for share in LOST)
        lines.append(
            f"Assumed: of the visits to a shop {low} to {high} are made nowhere else in the network without it; "
            "the others go to shops of its kind within five kilometres. Nobody changes how often they want a kind."
        )
    if isinstance(answer.question, RemoveShop | DoubleBudget):
        low, high = (f"{share:.0%}" for share in CAUSED)
        lines.append(f"Assumed: of the visits with a voucher {low} to {high} would not have been made without it.")
    if isinstance(answer.question, DoubleBudget):
        low, high = (f"{share:.0%}" for share in MORE)
        lines.append(f"Assumed: twice the money lets {low} to {high} more of its vouchers be spent than now.")
    if isinstance(answer.question, AddShop):
        lines.append("Assumed: the new shop draws people as one of its kind here does once they are used to it.")
    return lines
