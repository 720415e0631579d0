set -u
{
echo "${snakemake_input[0]} ${snakemake_input[named]} ${snakemake_output[0]}"
echo "${snakemake_params[text]} / ${snakemake_params[list]}"
echo "${snakemake_wildcards[shell]} ${snakemake_config[who]} ${snakemake[rule]} ${snakemake[threads]}"
} > "${snakemake_output[0]}"
