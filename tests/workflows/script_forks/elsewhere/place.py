where = "the Snakefile"
