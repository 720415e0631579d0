"""Nothing of the Snakefile's interpreter is here but the environment."""

import os
import sys

import place

with open(snakemake.output[0], "w") as file:
    print(place.where, file=file)
    print(os.environ["FROM_SNAKEFILE"], os.environ["OMP_NUM_THREADS"], file=file)
    print(__name__, sys.modules["__main__"].snakemake is snakemake, len(sys.argv), file=file)
    leaked = {"_tureen.session", "snakemake.workflow"}.intersection(sys.modules)
    print(sorted(leaked), file=file)
    mode = os.stat(snakemake.output[0]).st_mode & 0o777
    is_here = os.path.dirname(__file__.rpartition("/")[0]) == os.getcwd()
    print(oct(mode), is_here, file=file)
