"""Errors that Snakefiles may raise or catch."""


class WorkflowError(Exception):
    """Something is wrong with the workflow."""

    def __init__(self, *args, rule=None, **_details):
        super().__init__("\n".join(str(arg) for arg in args))
        self.rule = rule


class WildcardError(WorkflowError):
    """A wildcard has no value."""


class RuleException(WorkflowError):
    """Something is wrong with a rule."""


class LookupError(WorkflowError):
    """`lookup()` found nothing."""

    def __init__(self, msg=None, exc=None, query=None, dpath=None):
        what = f"query '{query}'" if query is not None else f"dpath '{dpath}'"
        super().__init__(f"Error in lookup function with {what}: {msg or exc}")


class MissingInputException(WorkflowError):
    """An input file is missing."""


class IncompleteCheckpointException(Exception):
    """A function needs a checkpoint's output before the checkpoint has run."""

    def __init__(self, rule, targetfile):
        super().__init__(
            f"The requested checkpoint output is not yet created. (checkpoint {rule}, file {targetfile})"
        )
        self.rule_name = rule
        self.targetfile = targetfile
