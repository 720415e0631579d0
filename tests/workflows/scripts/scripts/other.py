open(snakemake.output[0], "w").write(f"{snakemake.rule} {snakemake.params} {len(snakemake.input)}\n")
