import os
import sys
from pathlib import Path

from greeting import line

lines = [
    line("input", snakemake.input),
    line("named", snakemake.input.named),
    line("output", snakemake.output.txt),
    line("params", list(snakemake.params)),
    line("number", snakemake.params.number),
    line("nested", snakemake.params["nested"]["a"]),
    line("index", snakemake.params.index),
    line("missing", snakemake.params.get("missing", "no")),
    line("items", sorted(snakemake.params.keys())),
    line("threads", snakemake.threads),
    line("omp", os.environ["OMP_NUM_THREADS"]),
    line("mem", snakemake.resources.mem_mb),
    line("log", snakemake.log[0]),
    line("redirection", snakemake.log_fmt_shell(stdout=False, append=True)),
    line("config", snakemake.config["list"]),
    line("rule", snakemake.rule),
    line("scriptdir", Path(snakemake.scriptdir).name),
    line("file", Path(__file__).name),
    line("argv", len(sys.argv)),
    line("main", __name__),
]
Path(snakemake.output.txt).write_text("\n".join(lines) + "\n")
