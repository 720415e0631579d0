"""What a Snakefile asks for and can't have."""

from snakemake.exceptions import WorkflowError


class Refusal(WorkflowError):
    """A directive can't be what it is: the message, and the number of the place to point at."""

    def __init__(self, message, place):
        super().__init__(message)
        self.place = place
