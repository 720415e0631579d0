# The same two words, made by Python.  tureen -s run.smk -c 4

from pathlib import Path


rule all:
    input:
        "run/hello_world.txt",


rule combine:
    input:
        "run/hello.txt",
        "run/world.txt",
    output:
        "run/hello_world.txt",
    run:
        words = [Path(path).read_text().strip() for path in input]
        Path(output[0]).write_text(", ".join(words) + "!\n")


rule word:
    output:
        "run/{word}.txt",
    wildcard_constraints:
        word="hello|world",
    run:
        Path(output[0]).write_text(f"{wildcards.word}\n")
