"""The rules about what people will want next that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class HistoryTooShort(RuleBroken):
    """There are too few visits of people who agreed to personalisation for a model to be learnt and judged."""

    code = "need_history_too_short"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until there is as much as is needed of everything that is named; meanwhile the rules serve."


class TaskUnknown(RuleBroken):
    """No model is trained for this task."""

    code = "need_task_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Name one of the tasks, or none for all of them."


class ModelUnreadable(RuleBroken):
    """A model was made by another version of this program, for other columns than this one computes."""

    code = "need_model_unreadable"
    status = HTTPStatus.CONFLICT
    next_step = "Train again: `ringmain train` makes a model for this version."
