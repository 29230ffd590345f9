"""What a town is made from: all that is not drawn by chance, with bounds; it can be given from outside as a file."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ringmain.simulate.errors import WorldParametersWrong

Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(ge=0, le=1_000)]
Scale = Annotated[float, Meta(gt=0, le=1_000)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
World = Literal["positive", "zero", "negative", "mixed"]
FamilyName = Literal["choice", "rhythm"]

# A voucher is good for one week, from the morning after which it was given; behaviour is settled by the week too.
WINDOW_DAYS = 7


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The family `choice`: needs arise by category, and a logit says which shop, if any of the network, meets them."""

    needs_a_week: Scale = 5.5
    distance: Weight = 0.55
    price: Weight = 0.5
    match: Weight = 0.7
    habit: Weight = 0.8
    unknown: Weight = 0.6
    elsewhere: Weight = 1.2
    forgets: Share = 0.12
    told: Share = 0.08
    voucher: Weight = 2.4
    voucher_need: Weight = 0.6
    voucher_known: Share = 0.5
    annoyance: Weight = 1.2
    fatigue: Weight = 0.25
    touchy: Share = 0.5


class Rhythm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The family `rhythm`: clocks of routines, thresholds, imitation and habituation; nobody compares shops."""

    routine_days: Scale = 40.0
    regular: Scale = 1.2
    highest: Share = 0.6
    stroll: Share = 0.007
    stroll_km: Scale = 1.0
    imitation: Share = 0.03
    sated_visits: Scale = 12.0
    keeps: Share = 0.12
    drops_routine: Share = 0.2
    threshold: Scale = 0.2
    advance: Weight = 0.45
    lure: Share = 0.02
    half_worth: Scale = 0.2
    habituation: Weight = 0.45
    tolerance: Scale = 2.0
    annoyance: Share = 0.35
    touchy: Share = 0.5


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A town. The same parameters give the same town and the same days, bit for bit.

    `reach` is how many shops a person has within reach at most; `activity_spread` the standard deviation of the
    logarithm of how often people go out; `effect` multiplies what vouchers do in worlds that are not `zero`;
    `thrift_shown` is the power of a person's thrift to which receipts show reductions, 0 where they tell nothing of it.
    """

    seed: Annotated[int, Meta(ge=0)] = 0
    people: Count = 6_000
    shops: Count = 200
    districts: Annotated[int, Meta(ge=1, le=10_000)] = 8
    days: Annotated[int, Meta(ge=1, le=3_660)] = 84
    family: FamilyName = "choice"
    world: World = "positive"
    effect: Annotated[float, Meta(ge=0, le=10)] = 1.0
    reach: Annotated[int, Meta(ge=1, le=256)] = 36
    routines: Annotated[int, Meta(ge=1, le=256)] = 7
    friends: Annotated[float, Meta(ge=0, le=200)] = 6.0
    activity_spread: Annotated[float, Meta(ge=0, le=3)] = 1.1
    thrift_shown: Annotated[float, Meta(ge=0, le=2)] = 0.5
    opens_later: Share = 0.08
    closes_earlier: Share = 0.06
    choice: Choice = Choice()
    rhythm: Rhythm = Rhythm()

    @property
    def strength(self) -> float:
        """Return what multiplies every effect of a voucher: nothing in a world where vouchers do nothing."""
        return 0.0 if self.world == "zero" else self.effect


def load(path: Path | None, **chosen: object) -> Parameters:
    """Return the parameters of a TOML or JSON file, `chosen` ones over them; what is left out has its default.

    Raises `WorldParametersWrong` where the file cannot be read, names a parameter that there is not, or a value that it
    cannot have.
    """
    given: dict[str, object] = {}
    if path is not None:
        try:
            text = path.read_bytes()
            read = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text.decode())
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            raise WorldParametersWrong(file=str(path), why=str(error)) from error
        if not isinstance(read, dict):
            raise WorldParametersWrong(file=str(path), why="it is no table of parameters")
        given = read
    given |= {name: value for name, value in chosen.items() if value is not None}
    try:
        return msgspec.convert(given, Parameters)
    except msgspec.ValidationError as error:
        raise WorldParametersWrong(why=str(error), **({"file": str(path)} if path else {})) from error
