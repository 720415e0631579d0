"""`Paramspace`: the rows of a table as parts of paths."""

import re

from snakemake.exceptions import WorkflowError


class Paramspace:
    """A pandas frame whose rows are sets of parameters, with a path for each row.

    `filename_params` names the columns that go into the file's name (`"*"`: all of them); others are folders.
    """

    def __init__(
        self, dataframe, filename_params=None, param_sep="~", filename_sep="_", single_wildcard=None
    ):
        columns = list(dataframe.columns)
        in_name = columns if isinstance(filename_params, str) and filename_params == "*" else filename_params
        in_name = [] if in_name is None else list(in_name)
        if any(name not in columns for name in in_name):
            raise KeyError(
                "One or more entries of filename_params are not valid column names for the param file."
            )
        if len(set(in_name)) != len(in_name):
            raise ValueError("filename_params must be unique")
        self.param_sep = param_sep
        self.filename_sep = filename_sep
        self.single_wildcard = single_wildcard
        self.ordered_columns = [name for name in columns if name not in in_name] + in_name
        n_folders = len(columns) - len(in_name)
        folders = ["{}"] * n_folders
        name = [filename_sep.join(["{}"] * len(in_name))] if in_name else []
        self.pattern = "/".join(folders + name)
        self.dataframe = dataframe[self.ordered_columns]

    def _path(self, value_of):
        return self.pattern.format(
            *(f"{name}{self.param_sep}{value_of(name)}" for name in self.ordered_columns)
        )

    @property
    def wildcard_pattern(self):
        """The path with a wildcard for each column, or with the single wildcard."""
        if self.single_wildcard:
            return f"{{{self.single_wildcard}}}"
        return self._path(lambda name: f"{{{name}}}")

    @property
    def instance_patterns(self):
        """The paths of all rows."""
        import pandas

        def shown(value):
            return "NA" if pandas.isna(value) else value

        for row in self.dataframe.itertuples(index=False):
            values = dict(zip(self.ordered_columns, map(shown, row), strict=True))
            yield self._path(values.__getitem__)

    def instance(self, wildcards):
        """Give the row that wildcard values stand for, as a dict with the types of the table."""
        values = dict(wildcards.items())
        if self.single_wildcard:
            values = self._values_of(values.get(self.single_wildcard))
        return {
            name: self._typed(name, value) for name, value in values.items() if name in self.ordered_columns
        }

    def _values_of(self, path):
        from snakemake.io import regex_from_filepattern

        wildcard = self.single_wildcard
        if path is None:
            raise WorkflowError(f"Error processing paramspace: wildcard {wildcard} is not used in rule.")
        pattern = self._path(lambda name: f"{{{name}}}")
        match = re.match(regex_from_filepattern(pattern), path)
        if not match:
            raise WorkflowError(
                f"Error processing paramspace: wildcard {wildcard}={path} does not match pattern {pattern}."
            )
        return match.groupdict()

    def _typed(self, name, value):
        import pandas

        kind = self.dataframe.dtypes[name]
        if kind.kind == "b" and value == "False":
            # As a text it would be true.
            return False
        return pandas.NA if value == "NA" else pandas.Series([value]).astype(kind)[0]

    def __getattr__(self, name):
        if name.startswith("__") or name == "dataframe":
            raise AttributeError(name)
        return self._wrapped(getattr(self.dataframe, name))

    def __getitem__(self, key):
        return self._wrapped(self.dataframe[key])

    @staticmethod
    def _wrapped(value):
        import pandas

        return Paramspace(value) if isinstance(value, pandas.DataFrame) else value
