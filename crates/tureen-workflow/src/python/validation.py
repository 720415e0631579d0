"""`validate`: a config or table against a JSON schema (draft 2020-12), whose defaults are filled in."""

import os
from pathlib import Path

from snakemake.exceptions import WorkflowError


def validate_data(data, path, set_default, workflow):
    """Check a dict, or each row of a pandas or polars frame."""
    check = _validator(path, set_default, workflow)
    if isinstance(data, dict):
        check(data, "Error validating config file.")
        return
    library = type(data).__module__.partition(".")[0]
    kind = type(data).__name__
    if library == "pandas" and kind == "DataFrame":
        _check_pandas(data, check, set_default)
    elif library == "polars" and kind == "DataFrame":
        _check_polars(data, check, set_default)
    elif library == "polars" and kind == "LazyFrame":
        # It may be large: its beginning stands for it.
        for number, row in enumerate(data.head(1000).collect().iter_rows(named=True)):
            check(_without_nulls(row), f"Error validating row {number} of data frame.")


def _validator(path, set_default, workflow):
    try:
        import jsonschema
        from referencing import Registry, Resource
    except ImportError:
        raise WorkflowError(
            "validate() needs the package jsonschema: pip install jsonschema (or tureen[workflows])"
        ) from None
    schema = read(path, workflow)
    if not isinstance(schema, dict):
        raise WorkflowError(f"{path} holds no JSON schema")
    # Relative references are meant relative to the file, whatever identity it claims.
    schema["$id"] = Path(path).resolve().as_uri()

    def retrieve(uri):
        from urllib.parse import urlparse
        from urllib.request import url2pathname

        found = read(url2pathname(urlparse(uri).path), workflow)
        return Resource.from_contents(found, default_specification=_specification())

    registry = Registry(retrieve=retrieve)
    base = jsonschema.Draft202012Validator
    if set_default:
        base = jsonschema.validators.extend(
            base, {"properties": _with_defaults(base.VALIDATORS["properties"])}
        )
    validator = base(schema, registry=registry)

    def check(record, message):
        try:
            validator.validate(record)
        except jsonschema.exceptions.ValidationError as error:
            raise WorkflowError(message, _shown(error)) from None
        return record

    return check


def _specification():
    from referencing.jsonschema import DRAFT202012

    return DRAFT202012


def _with_defaults(check_properties):
    """Fill in what is missing before properties are checked."""

    def properties(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for name, part in properties.items():
                if isinstance(part, dict) and "default" in part:
                    instance.setdefault(name, part["default"])
        yield from check_properties(validator, properties, instance, schema)

    return properties


def _shown(error):
    place = "/".join(map(str, error.absolute_path))
    return f"{error.message}{f' (at {place})' if place else ''}"


def read(path, workflow):
    """A schema in YAML or JSON."""
    if workflow is not None and workflow._session.is_loading:
        return workflow._session.statements.read_config(os.path.abspath(path))
    import json

    text = Path(path).read_text()
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        return yaml.safe_load(text)


def _without_nulls(row):
    return {name: value for name, value in row.items() if value is not None}


def _check_pandas(data, check, set_default):
    import pandas

    checked = []
    for number, row in enumerate(data.to_dict("records")):
        row = {name: value for name, value in row.items() if pandas.notnull(value)}
        checked.append(check(row, f"Error validating row {number} of data frame."))
    if not set_default:
        return
    filled = pandas.DataFrame(checked)
    # By position: an index may hold the same label twice.
    for name in filled.columns:
        new = filled[name].to_numpy()
        if name not in data.columns:
            data[name] = new
            continue
        values = data[name].to_numpy(copy=True)
        is_missing = pandas.isna(values)
        if is_missing.any():
            values[is_missing] = new[is_missing]
            data[name] = values


def _check_polars(data, check, set_default):
    import polars

    checked = [
        check(_without_nulls(row), f"Error validating row {number} of data frame.")
        for number, row in enumerate(data.iter_rows(named=True))
    ]
    if not set_default:
        return
    filled = polars.DataFrame(checked)
    for name in filled.columns:
        if name not in data.columns:
            data.insert_column(len(data.columns), filled[name])
        else:
            index = data.columns.index(name)
            data.replace_column(index, data[name].fill_null(filled[name]))
