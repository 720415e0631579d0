"""Nothing of the Snakefile's interpreter is here but the environment."""
import os
import sys

import helper

with open(snakemake.output[0], "w") as file:
    print(helper.where, file=file)
    print(os.environ["FROM_SNAKEFILE"], os.environ["OMP_NUM_THREADS"], file=file)
    print(__name__, sys.modules["__main__"].snakemake is snakemake, len(sys.argv), file=file)
    print(sorted(name for name in sys.modules if name in ("_tureen.session", "snakemake.workflow")), file=file)
    print(oct(os.stat(snakemake.output[0]).st_mode & 0o777), os.getcwd() == os.path.dirname(__file__.rpartition("/")[0]), file=file)
