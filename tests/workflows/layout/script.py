open("log", "a").write("script\n")
open(snakemake.output[0], "w").close()
