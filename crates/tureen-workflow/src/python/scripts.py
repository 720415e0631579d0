"""`script:`, `notebook:`, `wrapper:` and `template_engine:`: executed in the child that a job runs in."""

import os
import shlex
import sys
import tempfile

from _tureen import sources
from snakemake.exceptions import WorkflowError
from snakemake.script import Snakemake
from snakemake.shell import shell
from snakemake.utils import format

#: Where scripts stand while they run, as under Snakemake.
FOLDER = ".snakemake/scripts"


def execute(session, declared, word, text, names):
    """Do what the directive of a rule asks for; `names` holds the job's input, output and so on."""
    if word == "template_engine":
        from _tureen import template

        return template.render(text, names, declared.space.globals["config"])
    place = located(session, declared, word, text, names)
    job = Job(place, names, declared.space.globals["config"])
    run = language_of(place, word)
    os.makedirs(FOLDER, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix="." + os.path.basename(place), dir=FOLDER, delete=False) as out:
        job.name = os.path.join(FOLDER, os.path.basename(out.name))
    try:
        run(job)
    finally:
        if not session.settings.get("keep_scripts"):
            os.remove(job.name)


def prepare(word, text):
    """Start what scripts are forked from; in the process that forks for jobs, so that all share it."""
    from _tureen import script_bash, script_julia, script_python, script_r, seeding  # noqa: F401

    if word == "wrapper" or text.endswith(".py"):
        seeding.start()


def located(session, declared, word, text, names):
    """Give the path or address of the script of a job."""
    if word == "wrapper":
        return sources.wrapper_script(filled(text, names), session.settings.get("wrapper_prefix"))
    return sources.located(filled(text, names), declared.basedir)


def filled(text, names):
    return format(text, wildcards=names["wildcards"], params=names["params"])


class Job:
    """A script and the job it is for."""

    def __init__(self, place, names, config):
        self.place = place
        self.local = sources.local(place)
        self.names = names
        self.name = None
        self.snakemake = Snakemake(
            names["input"],
            names["output"],
            names["params"],
            names["wildcards"],
            names["threads"],
            names["resources"],
            names["log"],
            config,
            names["rule"],
            names["bench_iteration"],
            os.path.dirname(place),
        )

    def source(self):
        with open(self.local, encoding="utf-8") as file:
            return file.read()

    def write(self, text):
        with open(self.name, "w", encoding="utf-8") as file:
            file.write(text)

    def environment(self):
        """Give the environment that a command of the job has."""
        return shell.environment(self.names["threads"], self.names["resources"])

    def call(self, command, **names):
        """Run a command with the job's threads and resources, as `shell()` does."""
        shell(
            "{command}",
            command=command,
            threads=self.names["threads"],
            resources=self.names["resources"],
            **names,
        )


def language_of(place, word):
    """Give what runs a script, by the ending of its name."""
    from _tureen import script_bash, script_julia, script_python, script_r

    ending = os.path.splitext(place)[1]
    if word == "notebook" or ending == ".ipynb":
        from _tureen import notebook

        return notebook.run
    known = {
        ".py": script_python.run,
        ".R": script_r.run,
        ".Rmd": script_r.run_markdown,
        ".jl": script_julia.run,
        ".sh": script_bash.run,
    }
    if ending not in known:
        raise WorkflowError(
            f"the script {place} is in a language that tureen doesn't run; "
            f"it runs {', '.join(known)} and .ipynb"
        )
    return known[ending]


def quoted(path):
    return shlex.quote(path)


def python():
    return quoted(sys.executable)
