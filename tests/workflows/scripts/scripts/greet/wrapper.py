from snakemake.shell import shell

log = snakemake.log_fmt_shell()
shell("echo {snakemake.params.greeting} > {snakemake.output[0]} {log}")
