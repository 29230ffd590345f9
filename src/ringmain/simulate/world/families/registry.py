"""Which families of behaviour there are, by name."""

from ringmain.simulate.world.families.choice import ChoiceFamily
from ringmain.simulate.world.families.family import Family
from ringmain.simulate.world.families.rhythm import RhythmFamily
from ringmain.simulate.world.world import World


def family_of(world: World) -> Family:
    """Return the behaviour that a town's parameters name, before its first day."""
    return ChoiceFamily(world) if world.parameters.family == "choice" else RhythmFamily(world)
