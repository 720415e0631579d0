"""Native text steps give what the running CPython gives, for every code point there is.

Each step is done to every code point that text can hold, alone and among others, natively and by CPython.
`TUREEN_EVERY_CONTEXT=1` does every step to every context, which takes some minutes.
"""

from __future__ import annotations

import gc
import operator
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tureen._tureen import TextColumn, TextDeclined, TextProgram

CHARACTERS = [chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n <= 0xDFFF]
"""Every code point but the surrogates: see `test_surrogates_are_left_to_python`."""

CONTEXTS: dict[str, str] = {
    "alone": "{c}",
    "in a word": "a{c}b",
    "before a capital": "{c}A ",
    "round a sigma": "A{c}Σ{c} {c}Σ",
    "everywhere": "{c}a{c}b {c}Σ{c}\t{c}{c}A",
}

IN_EVERY_CONTEXT = (
    "upper lower casefold title capitalize swapcase isalnum isalpha isdecimal isdigit isidentifier islower "
    "isnumeric isprintable isspace istitle isupper isascii"
).split()
"""Methods that look up each character."""

Step = tuple[Any, ...]

OTHERS: list[Step] = [
    ("strip",),
    ("lstrip",),
    ("rstrip",),
    ("strip", ("ab \t",)),
    ("split",),
    ("split", (None, 1)),
    ("rsplit", (None, 1)),
    ("split", ("a",)),
    ("rsplit", ("a", 1)),
    ("splitlines",),
    ("splitlines", (True,)),
    ("partition", ("a",)),
    ("rpartition", (" ",)),
    ("replace", ("a", "é")),
    ("replace", ("", "-", 3)),
    ("startswith", ("a", 1)),
    ("endswith", (("A", "b"),)),
    ("removeprefix", ("a",)),
    ("removesuffix", ("A",)),
    ("find", ("a",)),
    ("rfind", ("a", None, -1)),
    ("count", ("a", 1)),
    ("len",),
    ("getitem", (0,)),
    ("getitem", (slice(1, -1),)),
    ("getitem", (slice(None, None, -2),)),
    ("zfill", (14,)),
    ("ljust", (14, "é")),
    ("center", (15,)),
    ("expandtabs", ()),
    ("translate", ({ord("a"): None, ord(" "): "🍲", ord("é"): 0x1F372},)),
    ("lt", ("a\uffff",)),
    ("eq", ("a",)),
    ("contains", ("Σ",)),
    ("add", ("é",)),
    ("bool",),
]


def by_python(step: Step) -> Callable[[Any], Any]:
    name = step[0]
    args = step[1] if len(step) > 1 else ()
    kwargs = step[2] if len(step) > 2 else {}
    operators: dict[str, Callable[[Any], Any]] = {
        "len": len,
        "bool": bool,
        "not": operator.not_,
        "int": int,
        "add": lambda text: text + args[0],
        "radd": lambda text: args[0] + text,
        "in": lambda text: text in args[0],
        "join": lambda items: args[0].join(items),
    }
    if name in operators:
        return operators[name]
    if name in ("getitem", "contains", "lt", "le", "eq", "ne", "gt", "ge"):
        function = getattr(operator, name)
        return lambda element: function(element, args[0])
    return operator.methodcaller(name, *args, **kwargs)


def steps() -> Iterator[tuple[Step, str]]:
    every = os.environ.get("TUREEN_EVERY_CONTEXT")
    for name in IN_EVERY_CONTEXT:
        contexts = (
            CONTEXTS if every else ("alone", "round a sigma" if name in ("title", "lower") else "in a word")
        )
        yield from (((name,), context) for context in contexts)
    for step in OTHERS:
        yield from ((step, context) for context in (CONTEXTS if every else ("everywhere",)))


def first_difference(texts: list[str], step: Step, native: list[Any]) -> str | None:
    function = by_python(step)
    expected = [function(text) for text in texts]
    # 1 equals True; all elements of one column are of one type.
    if native == expected and type(native[0]) is type(expected[0]):
        return None
    for text, ours, theirs in zip(texts, native, expected, strict=True):
        if ours != theirs or type(ours) is not type(theirs):
            return f"{step} of {text!a}: {ours!a}, and CPython has {theirs!a}"
    raise AssertionError("unreachable")


def test_every_code_point(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    planned = list(steps())
    n_compared = 0
    gc.disable()  # It would look through millions of strings again and again, and find nothing.
    try:
        for name, context in CONTEXTS.items():
            its_steps = [step for step, of in planned if of == name]
            texts = [context.replace("{c}", c) for c in CHARACTERS] if its_steps else []
            column = TextColumn(texts)
            for step in its_steps:
                native = TextProgram([step], ("collect",)).run(column).to_list()
                assert first_difference(texts, step, native) is None
                n_compared += len(native)
    finally:
        gc.enable()
    record_property("results compared", n_compared)
    with capsys.disabled():
        print(
            f"\n{n_compared:,} results of {len(planned)} steps and contexts equal those of CPython "
            f"{sys.version.split()[0]} (Unicode {unicodedata.unidata_version}), "
            f"{len(CHARACTERS):,} code points each"
        )


def test_every_step_is_compared_for_every_code_point() -> None:
    compared = {step[0] for step, _ in steps()}
    left_to_python = {"encode", "format", "format_map", "maketrans", "join"}
    same_kernel = {"index", "rindex", "rjust"}
    methods = {name for name in dir(str) if not name.startswith("_")}
    assert methods - compared == left_to_python | same_kernel


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udce9"])
def test_surrogates_are_left_to_python(text: str) -> None:
    with pytest.raises(TextDeclined, match="surrogate"):
        TextColumn(["a", text])
    with pytest.raises(TextDeclined):
        TextProgram([("replace", ("a", text))], ("collect",))
    with pytest.raises(TextDeclined):
        TextProgram([("translate", ({97: text},))], ("collect",))
