"""Commands that are expressions: Snakemake works them out when the rule is read, and again for each job, when
`input`, `output` and so on are the job's, and names of the Snakefile what they are then."""


class Unknown:
    """A name of the job that has no meaning while the Snakefile is read."""

    def __init__(self, name):
        self._name = name

    def _refuse(self, *_args):
        raise NameError(f"name '{self._name}' is not defined")

    __getattr__ = __getitem__ = __format__ = __str__ = __add__ = __radd__ = _refuse


def early(function, names):
    """Give the value as it is while the Snakefile is read."""
    return function(*(names[name] if name in names else Unknown(name) for name in _parameters(function)))


def _parameters(function):
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def is_late(declared):
    """Whether the command is another one when it is worked out for a job."""
    function = declared.late_command
    if function is None or declared.run is not None:
        return False
    if _uses_job(function):
        return True
    try:
        return early(function, declared.space.globals) != declared.raw["shell"][1][0]
    except Exception:
        return True


def _uses_job(function):
    """Whether the expression names something of the job."""
    import dis

    parameters = set(_parameters(function))
    if parameters.intersection(function.__code__.co_cellvars):
        return True
    loads = (found for found in dis.get_instructions(function) if found.opname.startswith("LOAD_FAST"))
    names = (
        name
        for found in loads
        for name in ([found.argval] if isinstance(found.argval, str) else found.argval)
    )
    return not parameters.isdisjoint(names)
