"""`checkpoints.name.get(**wildcards)`: a checkpoint's output, once it is made."""

from _tureen.containers import OutputFiles
from snakemake import io
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError


class Checkpoints:
    """`checkpoints`, in one namespace."""

    def __init__(self, session, rules):
        self._session = session
        self._rules = rules

    def __getattr__(self, name):
        rule = self._rules._rules.get(name)
        if rule is None or not rule.is_checkpoint:
            raise AttributeError(f"there is no checkpoint named {name}")
        return Checkpoint(self._session, rule)


class Checkpoint:
    """One checkpoint."""

    def __init__(self, session, rule):
        self.session = session
        self.rule = rule

    def get(self, **wildcards):
        """Give the job with its output; if that is not made yet, the asking function is asked again later."""
        needed = set()
        for path in self.rule.output:
            needed |= io.get_wildcard_names(path)
        missing = needed - set(wildcards)
        if missing:
            raise WorkflowError(f"Missing wildcard values for {', '.join(sorted(missing))}")
        output = OutputFiles(
            self.rule.output, custom_map=lambda path: io.Openable(io.apply_wildcards(path, wildcards))
        )
        if not self.session.made.issuperset(output):
            raise IncompleteCheckpointException(self.rule.name, output[0])
        return CheckpointJob(self.rule, output)


class CheckpointJob:
    """A checkpoint that has run."""

    def __init__(self, rule, output):
        self.rule = rule
        self.output = output
