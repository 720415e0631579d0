"""`template_engine:`: one input, rendered into one output by jinja2 or yte."""

from snakemake.exceptions import WorkflowError


def render(engine, names, config):
    source, output = names["input"], names["output"]
    if len(output) != 1:
        raise WorkflowError("a rule with `template_engine:` has exactly one output file")
    if len(source) != 1 and "template" not in source.keys():
        raise WorkflowError(
            "a rule with `template_engine:` and several input files names the template: `template=...`"
        )
    path = source[0] if len(source) == 1 else source.template
    variables = {
        "params": names["params"],
        "wildcards": names["wildcards"],
        "config": config,
        "input": source,
    }
    with open(path) as template:
        text = template.read()
    if engine == "jinja2":
        import jinja2

        result = jinja2.Template(text).render(**variables)
    elif engine == "yte":
        import io

        import yte

        out = io.StringIO()
        yte.process_yaml(io.StringIO(text), outfile=out, variables=variables)
        result = out.getvalue()
    else:
        raise WorkflowError(f"there is no template engine {engine}; there are jinja2 and yte")
    with open(output[0], "w") as out:
        out.write(result)
