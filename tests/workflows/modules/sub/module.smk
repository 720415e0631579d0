from pathlib import Path

def beside(name):
    return str(Path(workflow.snakefile).parent / name)

rule made:
    output: "out/{name}.txt"
    params: file=beside("word.txt"), word=config["word"]
    shell: "cat {params.file} > {output}; echo {params.word} {wildcards.name} >> {output}"

rule copied:
    # Names a path that has its prefix already.
    input: expand(rules.made.output, name="{name}")
    output: "out/{name}.copy"
    shell: "cp {input} {output}"

rule numbered:
    output: "out/{number}.number"
    shell: "echo {wildcards.number} > {output}"
