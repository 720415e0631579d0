"""Bash scripts: the job's facts are associative arrays, `snakemake_input` and so on."""

import re
import shlex

from _tureen import scripts


def run(job):
    source = job.source()
    shebang = re.match(r"#![^\[].*?(\r\n|\n)", source)
    first = shebang[0].rstrip() if shebang else "#!/usr/bin/env bash"
    rest = source[shebang.end() :] if shebang else source
    job.write("\n".join([first, preamble(job.snakemake), rest]))
    job.call(f"bash {scripts.quoted(job.name)}")


def preamble(snakemake):
    arrays = {
        "snakemake_input": by_name(snakemake.input),
        "snakemake_output": by_name(snakemake.output),
        "snakemake_params": by_name(snakemake._params_store),
        "snakemake_wildcards": by_name(snakemake.wildcards),
        "snakemake_resources": by_name(snakemake.resources),
        "snakemake_log": by_name(snakemake.log),
        "snakemake_config": snakemake.config,
        "snakemake": {
            "threads": snakemake.threads,
            "rule": snakemake.rule,
            "bench_iteration": snakemake.bench_iteration,
            "scriptdir": snakemake.scriptdir,
        },
    }
    return "\n".join(f"declare -A {name}={array(content)}" for name, content in arrays.items())


def by_name(items):
    """The entries by their names, and by their numbers."""
    found = {}
    for number, (name, value) in enumerate(items._allitems()):
        if name is not None:
            found[name] = value
        found[str(number)] = value
    return found


def array(content):
    """What has parts is written as one text; a dict inside shows its keys only, as Bash can't nest."""

    def text(value):
        if hasattr(value, "__iter__") and not isinstance(value, str):
            return " ".join(map(str, value))
        return str(value)

    pairs = (f"[{shlex.quote(str(key))}]={shlex.quote(text(value))}" for key, value in content.items())
    return f"( {' '.join(pairs)} )"
