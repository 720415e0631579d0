"""Lists whose entries may have names: what `input`, `output`, `params` and `wildcards` are.

They are pickled as what they are under Snakemake, class by class and attribute by attribute, so that either
reads what a job of the other has pickled.
"""

import os

#: Methods of lists whose names entries may have; they are no methods here.
NAMES_OF_ENTRIES = ("index", "sort")


class AttributeGuard:
    """Stands where a list has a method and an entry may have its name."""

    def __init__(self, name):
        self.name = name

    def __call__(self, *_args, **_kwargs):
        raise AttributeError(
            f"{self.name}() is no method of input, output, params and their kin: it may be the name of an "
            f"entry. Make a plain list of it first, as in list(input).{self.name}(...)"
        )


class Namedlist(list):
    """A list with names for some of its entries or slices, as Snakemake's."""

    def __init__(self, toclone=None, fromdict=None, custom_map=None):
        super().__init__()
        self._names = {}
        self._allowed_overrides = list(NAMES_OF_ENTRIES)
        for name in NAMES_OF_ENTRIES:
            setattr(self, name, AttributeGuard(name))
        if toclone is not None:
            self.extend(map(custom_map, toclone) if custom_map else toclone)
            for name, (start, end) in getattr(toclone, "_names", {}).items():
                self._set_name(name, start, end)
        for name, item in (fromdict or {}).items():
            self.append(item)
            self._set_name(name, len(self) - 1)

    def _set_name(self, name, start, end=None):
        if name not in NAMES_OF_ENTRIES and hasattr(type(self), name):
            raise AttributeError(f"`{name}` can't name an entry: these lists have an attribute of that name")
        self._names[name] = (start, end)
        setattr(self, name, self[start] if end is None else Namedlist(self[start:end]))

    def _add(self, name, item, flatten):
        """Append an entry; a list is flattened if asked for, its name then means the slice."""
        if flatten and isinstance(item, (list, tuple)):
            start = len(self)
            self.extend(item)
            if name:
                self._set_name(name, start, len(self))
        else:
            self.append(item)
            if name:
                self._set_name(name, len(self) - 1)

    def _allitems(self):
        """Yield every entry with its name, or with nothing; a named slice is one entry."""
        done = 0
        for name, (start, end) in sorted(self._names.items(), key=lambda item: (item[1][0], item[1][1] or 0)):
            for item in self[done:start]:
                yield None, item
            yield name, getattr(self, name)
            done = start + 1 if end is None else end
        for item in self[done:]:
            yield None, item

    def _get_names(self):
        yield from self._names.items()

    def items(self):
        for name in self._names:
            yield name, getattr(self, name)

    def keys(self):
        return self._names.keys()

    def get(self, key, default_value=None):
        return getattr(self, key) if key in self._names else default_value

    def __getitem__(self, key):
        if isinstance(key, str):
            return getattr(self, key)
        return super().__getitem__(key)

    def __hash__(self):
        return hash(tuple(self))

    def __str__(self):
        return " ".join(map(str, self))


class InputFiles(Namedlist):
    """Input files, which know their sizes."""

    @property
    def size_files(self):
        return [os.path.getsize(path) for path in self]

    @property
    def size(self):
        return sum(self.size_files)

    @property
    def size_kb(self):
        return self.size / 1024

    @property
    def size_mb(self):
        return self.size / 1024**2

    @property
    def size_gb(self):
        return self.size / 1024**3

    @property
    def size_files_kb(self):
        return [size / 1024 for size in self.size_files]

    @property
    def size_files_mb(self):
        return [size / 1024**2 for size in self.size_files]

    @property
    def size_files_gb(self):
        return [size / 1024**3 for size in self.size_files]


class OutputFiles(Namedlist):
    """Output files."""


class Wildcards(Namedlist):
    """Wildcard values by name."""


class Params(Namedlist):
    """Params."""


class ResourceList(Namedlist):
    """Resources by name."""


class Log(Namedlist):
    """Log files."""


for _kind in (
    AttributeGuard,
    Namedlist,
    InputFiles,
    OutputFiles,
    Wildcards,
    Params,
    ResourceList,
    Log,
):
    _kind.__module__ = "snakemake.iocontainers"
