"""What stands outside of rules: `include:`, `configfile:`, `localrules:` and their kin."""

import os

from _tureen.pathvars import WORKFLOW
from _tureen.refusal import Refusal
from _tureen.sources import located
from _tureen.wire import decode
from snakemake import io
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config


class Statements:
    """Takes them for one workflow that is being read."""

    def __init__(self, session):
        self.session = session
        self.scatter = {}

    def set(self, word, place, args, kwargs):
        session = self.session
        if word == "wildcard_constraints":
            session.space.constraints.update({name: str(value) for name, value in kwargs.items()})
        elif word == "ruleorder":
            session.data["rule_orders"].append([session.space.renamed(name) for name in args])
        elif word == "localrules":
            session.data["local_rules"].extend(session.space.renamed(name) for name in args)
        elif word == "envvars":
            missing = [name for name in args if name not in os.environ]
            session.data["envvars"].extend(args)
            if missing:
                raise Refusal(
                    f"the environment variables {', '.join(missing)} are needed by this workflow but not set",
                    place,
                )
        elif word == "resource_scopes":
            # They tell limits of machines from limits of the whole run: the same for jobs on this machine.
            session.data["resource_scopes"].extend([name, scope] for name, scope in kwargs.items())
            if args or any(scope not in ("local", "global", "excluded") for scope in kwargs.values()):
                raise Refusal('`resource_scopes:` takes names with `"local"` or `"global"`', place)
        elif word in ("container", "singularity", "containerized", "conda"):
            session.space.software = [word, place]
        elif word == "report":
            if len(args) != 1 or kwargs:
                raise Refusal("`report:` takes one value", place)
            # A module's description is taken only if there is no other.
            if session.space is session.main or session.report_text is None:
                session.report_text = located(os.fspath(args[0]), session.basedir)
        elif word == "scattergather":
            self.add_scatter(kwargs)
        elif word == "pathvars":
            session.space.pathvars.update(kwargs, WORKFLOW)
        elif word in ("inputflags", "outputflags"):
            session.space.default_flags[word.removesuffix("flags")].set(args)
        elif word not in ("include", "configfile", "workdir", "pepfile", "pepschema"):
            raise Refusal(f"`{word}:` is not supported yet", place)
        elif len(args) != 1 or kwargs:
            raise Refusal(f"`{word}:` takes one value", place)
        else:
            getattr(self, word)(os.fspath(args[0]), place)

    def include(self, path, place):
        session = self.session
        if "://" in path:
            raise Refusal("including from the network is not supported yet", place)
        default = session.default
        session.load(os.path.join(os.path.dirname(session.stack[-1]), path), place)
        session.default = default

    def configfile(self, path, place):
        session = self.session
        if session.space.has_own_config:
            return
        session.connection.send({"config": os.path.abspath(path)})
        answer, _ = session.connection.receive()
        if answer.get("template"):
            update_config(session.globals["config"], rendered(path, place))
        elif "error" in answer:
            if not (answer["missing"] and session.settings["has_config_files"]):
                raise Refusal(answer["error"], place)
        else:
            update_config(session.globals["config"], decode(answer["value"]))
        if session.settings["replaces_config"] and session.overrides:
            session.globals["config"] = {}
        update_config(session.globals["config"], session.overrides)
        session.space.pathvars.update_from_config(session.globals["config"])

    def pepfile(self, path, place):
        try:
            import peppy
        except ImportError:
            raise Refusal("`pepfile:` needs the package peppy: pip install peppy", place) from None
        self.session.globals["pep"] = peppy.Project(path)

    def pepschema(self, path, place):
        session = self.session
        try:
            import eido
        except ImportError:
            raise Refusal("`pepschema:` needs the package eido: pip install eido", place) from None
        if "pep" not in session.globals:
            raise Refusal("`pepschema:` needs a `pepfile:` before it", place)
        eido.validate_project(project=session.globals["pep"], schema=located(path, session.basedir))

    def workdir(self, path, _place):
        os.makedirs(path, exist_ok=True)
        os.chdir(path)
        self.session.data["workdir"] = os.getcwd()

    def read_config(self, path):
        """A YAML or JSON file as data."""
        session = self.session
        session.connection.send({"config": path})
        answer, _ = session.connection.receive()
        if "error" in answer:
            raise WorkflowError(answer["error"])
        return decode(answer["value"])

    def add_scatter(self, content):
        session = self.session
        session.space.constraints["scatteritem"] = r"\d+-of-\d+"
        for key, count in content.items():
            self.scatter[key] = count = session.settings["scatter"].get(key, count)

            def items(*args, _count=count, **wildcards):
                names = [f"{index}-of-{_count}" for index in range(1, _count + 1)]
                return io.expand(*args, scatteritem=names, **wildcards)

            setattr(session.globals["scatter"], key, items)
            setattr(session.globals["gather"], key, items)


def rendered(path, place):
    """A config file that is a template for yte."""
    try:
        import yte
    except ImportError:
        raise Refusal(
            f"config file `{path}` is a template for yte: pip install yte (or tureen[workflows])", place
        ) from None
    with open(path) as file:
        return yte.process_yaml(file, require_use_yte=True)
