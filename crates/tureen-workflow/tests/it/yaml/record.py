"""Records what PyYAML 6 makes of nasty and generated documents: `python record.py > cases.json`."""
# ruff: noqa: E501 - a table of documents, many to a line

import collections
import datetime
import json
import random
import sys

import yaml

NASTY = """a: yes|a: No|a: on|a: OFF|a: y|a: n|a: ~|a: null|a: Null|a: nULL|a:|a: 010|a: 0o10|a: 0x1F|a: 0b101|a: 1_000|a: 08|a: 0
a: 1:30|a: 1:30:15|a: 1:60|a: 01:30|a: 1:30.5|a: 1e5|a: 1.e5|a: 1.0e5|a: 1.0e+5|a: .5|a: 5.|a: ._5|a: .inf|a: -.INF|a: .nan|a: +1|a: -1
a: 2020-01-02|a: 2020-1-2|a: 2020-13-02|a: 2020-01-02 03:04:05|a: 2020-01-02T03:04:05Z|a: '2020-01-02'|a: 12345678901234567890|a: -9223372036854775808
a: "x\\ty\\x41\\u00e9"|a: 'it''s'|a: x # comment|a: x#y|a: [1, 2, [3]]|a: {b: 1, c: }|a: [a, b,]|a: {}|a: []|[1, 2]|x|1
{a: 1}|a: <<|<<: {a: 1}|a: =|a: !!str 1|a: !!int "1"|a: !!float 1|a: !!bool yes|a: !!null x|a: !!python/tuple [1, 2]|a: !x 1|a: ! 1
1: a|1.5: a|yes: a|~: a|[1]: a|{a: 1}: b|? a|a: 1\\na: 2|a: 1\\nb: 2\\na: 3|1: a\\n1.0: b\\ntrue: c
a: &x 1\\nb: *x|a: &x {b: 1, c: 2}\\nd:\\n  <<: *x\\n  c: 3|a: &x {b: 1}\\nc: &y {b: 2, d: 3}\\ne:\\n  <<: [*x, *y]\\n  f: 1|a: *nope|a: &x [*x]
a: |\\n  text\\n  more\\n|a: >\\n  folded\\n  text\\n\\n  more|a: |-\\n  strip|a: |+\\n  keep\\n\\n|a: >2\\n   x|a:\\n- 1\\n- 2|a:\\n  - b: 1\\n    c: 2\\n  - d
---\\na: 1|a: 1\\n...|---\\na: 1\\n---\\nb: 2|%YAML 1.1\\n---\\na: 1|\\ta: 1|a:\\n\\tb: 1|a: b: c|a: "unclosed|a: [1, 2|- 1\\n- 2|# only a comment|
a: x y z|a: x:y|a: http://x/y|a: -|a: - 1|a: "1"|a: 1 2|a: @x|a: `x|a: %x|a: x, y|a: {b:1}|a: {b: c:d}|a: é|é: 1|a: 1__0|a: _1|a: 1_|a: 0x_f|a: 0b|a: +.inf
a: 1.5.2|a: 1-2|a: 0.0|a: -0.0|a: 1e400|a: 1.0e400|a: 100000000000000000000.5|a: 0.1|a: 1.|a: +.5|a: -.5|a: 00|a: 007|a: 1,000|a: 12e03|a: 6.8523015e+5|a: 685_230.15|a: 190:20:30.15|a: 190:20:30
a: [\\n1,\\n2\\n]|a: [\\n  1, 2\\n]\\nb: 3|a:\\n  b: [\\n    x, y\\n  ]\\n  c: 1|a:\\n  b: [\\nx,\\n y # z\\n ]\\n  c: [\\n]|a: {\\n  b: 1,\\n  c: [\\n  2\\n  ]\\n}\\nd: 1
a:\\n  b: "x\\ny"\\n  c: 1|a:\\n  b: 'x\\n\\ny ''z\\n'\\n  c: 1|a:\\n    - [\\n    1\\n    ]\\n    - {\\n  x: 1}|a: [\\n1\\nb: 2|a:\\n  b: "x \\\\\\ny"|a:\\n  b: [\\n"x\\ny", 'z\\nw'\\n]|a: [1,\\n]\\n  b: 2|a:\\n   b: 1\\n  c: 2"""

WORDS = "yes no on 1 010 1.5 x y~ null ~ 'q' \"d\" a:b 1:30 2020-01-02 é true <<x -1 .5 [] {} =".split(" ")


class Refused(Exception):
    pass


def shown(value):
    if isinstance(value, collections.abc.Mapping):
        return {"d": [[shown(key), shown(item)] for key, item in value.items()]}
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, tuple):
        return {"t": [shown(item) for item in value]}
    if isinstance(value, float):
        return {"f": repr(value)}
    if isinstance(value, datetime.datetime):
        return {"o": "datetime"}
    if isinstance(value, datetime.date) or (type(value) is int and not -(2**63) <= value < 2**63):
        return {"o": str(value)}
    if isinstance(value, (set, bytes)):
        raise Refused
    return value


def generated(rng, depth, indent):
    if depth == 0 or rng.random() < 0.3:
        return " " + rng.choice(WORDS) + "\n"
    lines = "\n"
    for _ in range(rng.randrange(1, 4)):
        pad = " " * indent
        if rng.random() < 0.5:
            lines += pad + f"k{rng.randrange(5)}:" + generated(rng, depth - 1, indent + 2)
        else:
            lines += pad + rng.choice(WORDS) + ":" + generated(rng, depth - 1, indent + 1)
    return lines


def main():
    rng = random.Random(1)
    documents = [
        text.replace("\\n", "\n").replace("\\t", "\t")
        for line in NASTY.splitlines()
        for text in line.split("|")
    ]
    documents = [text for text in documents if text.strip() or not text]
    documents += ["a: |\n  text\n  more\n", "a: |-\n  strip\n", "a: |+\n  keep\n\n", "a: |\n   x\n    y\n"]
    documents += ["root:" + generated(rng, 4, 1) for _ in range(300)]
    cases = []
    for text in dict.fromkeys(documents):
        try:
            cases.append([text, shown(yaml.load(text, Loader=yaml.FullLoader))])
        except Refused:
            continue
        except Exception:
            cases.append([text, {"error": None}])
    json.dump(cases, sys.stdout, ensure_ascii=False, indent=0)


main()
