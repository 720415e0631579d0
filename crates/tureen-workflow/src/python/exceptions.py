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


class IOException(RuleException):
    """Something is wrong with files of a rule."""


class MissingInputException(IOException):
    """An input file is missing."""


class InputFunctionException(WorkflowError):
    """An input function raised."""


class MissingOutputException(RuleException):
    """A job did not make an output file."""


class MissingRuleException(RuleException):
    """No rule makes a file."""


class UnknownRuleException(RuleException):
    """There is no rule of that name."""


class CreateRuleException(RuleException):
    """A rule can't be declared."""


class AmbiguousRuleException(RuleException):
    """Several rules make a file."""


class CyclicGraphException(RuleException):
    """Files need each other in a circle."""


class ProtectedOutputException(RuleException):
    """A job would write what is protected."""


class CliException(Exception):
    """Something is wrong with the command line."""

    def __init__(self, msg):
        super().__init__(msg)
        self.msg = msg


class IncompleteCheckpointException(Exception):
    """A function needs a checkpoint's output before the checkpoint has run."""

    def __init__(self, rule, targetfile):
        super().__init__(
            f"The requested checkpoint output is not yet created. (checkpoint {rule}, file {targetfile})"
        )
        self.rule_name = rule
        self.targetfile = targetfile
