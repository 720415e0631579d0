rule twice:
    output: "c.txt"
    params: "first"
    params: "second"
    shell: "echo {params} > {output}"
