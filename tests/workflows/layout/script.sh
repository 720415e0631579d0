echo sh >> log
touch ${snakemake_output[0]}
