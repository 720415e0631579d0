"""`inputflags:` and `outputflags:`: marks for every path that has no mark against them; and `access`."""

from snakemake.io import AnnotatedString, flag, is_flagged

#: A mark that keeps another one from being put on.
AGAINST = {"temp": {"protected"}, "protected": {"temp"}}


class DefaultFlags:
    """Functions that put marks on."""

    def __init__(self):
        self.functions = []

    def set(self, functions):
        self.functions = [(function, set(function("dummy").flags)) for function in functions]

    def apply(self, path):
        for function, names in self.functions:
            against = set().union(*(AGAINST.get(name, set()) for name in names))
            if not any(is_flagged(path, name) for name in names | against):
                path = function(path if isinstance(path, AnnotatedString) else AnnotatedString(path))
        return path


class access:
    """How a file is going to be read: of use to storage, so here only a word."""

    @staticmethod
    def random(item):
        return flag(item, "access_pattern", "random")

    @staticmethod
    def sequential(item):
        return flag(item, "access_pattern", "sequential")

    @staticmethod
    def multi(item):
        return flag(item, "access_pattern", "multi")
