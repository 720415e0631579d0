"""Recognises others' stemmers that give the same stems as ours, which need no interpreter.

What is compared is their source: a release that was not looked at, or one that somebody has edited, is not
recognised. NLTK's own Snowball stemmers are none of these: their rules are older, and each language has words
with other stems.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from pathlib import Path
from types import FunctionType, MethodType, ModuleType

from tureen.text import PorterStemmer, SnowballStemmer

# Of nltk/stem/porter.py in 3.10.0 to 3.10.2, 3.10.3, and 3.10.4. Those of 3.9 have other stems for capitals.
_NLTK = frozenset(
    {
        "814660bce5b8bceff5c5c52616cf4f70c4a7bfd94dea1e572de47140126d0544",
        "ab16069c9db8f596b7fad2563118812d8b5cf84ccaebc4446a422bb0f3fd2d69",
        "2d75d36dc9e83fc40857c72632fa1ea59208b531c5a91a765b62e63af57fa7d4",
    }
)

# Of all rules of snowballstemmer 3.1.1, in the order of `_snowball_files`.
_SNOWBALL = "68b7806bc4b1b001ad6ea751c0f6807d3d511ec05e810b210f546739c8cf9935"


# What classes have beside what somebody wrote in them.
_OF_CLASSES = frozenset({"__abstractmethods__", "_abc_impl", "__static_attributes__", "__firstlineno__"})


def native_stemmer(function: object) -> PorterStemmer | SnowballStemmer | None:
    """Return the stemmer of ours that does what a function does to a word; None if there is none.

    Args:
        function: anything, such as the method ``stem`` of a stemmer of ours,
            ``nltk.stem.PorterStemmer().stem`` or ``snowballstemmer.stemmer("english").stemWord``.

    A stemmer that somebody has put other functions in, or in its class, is another stemmer. Other tables put
    in a class of ``snowballstemmer`` are not noticed.

    >>> native_stemmer(SnowballStemmer("english").stem)
    SnowballStemmer('english')
    >>> native_stemmer(str.upper) is None
    True
    """
    stemmer = getattr(function, "__self__", None)
    if isinstance(stemmer, (PorterStemmer, SnowballStemmer)):
        return stemmer if getattr(function, "__name__", None) in {"stem", "stemWord"} else None
    if not isinstance(function, MethodType):
        return None
    module = sys.modules.get(type(stemmer).__module__)
    if module is None:
        return None
    if module.__name__ in ("nltk.stem.porter", "nltk.stem.snowball"):
        return _of_nltk(function, module)
    if module.__name__.startswith("snowballstemmer."):
        return _of_snowball(function, module)
    return None


def _of_nltk(method: MethodType, module: ModuleType) -> PorterStemmer | None:
    stemmer = method.__self__
    cls = type(stemmer)
    porter = sys.modules.get("nltk.stem.porter")
    # NLTK has the same stemmer among its Snowball ones, as a subclass that only looks like them.
    original = getattr(porter, "PorterStemmer", None)
    is_known = (
        porter is not None
        and original is not None
        and cls is getattr(module, "PorterStemmer", None)
        and (cls is original or original in cls.__bases__)
        and method.__func__ is original.__dict__.get("stem")
        and _digest((_file(porter),)) in _NLTK
        and _has_its_functions(original, porter)
        and (cls is original or set(vars(cls)) <= {"__module__", "__doc__", "__init__", *_OF_CLASSES})
        # The mode, and the list of irregular words.
        and vars(stemmer) == vars(cls())
    )
    return PorterStemmer() if is_known else None


def _of_snowball(method: MethodType, module: ModuleType) -> SnowballStemmer | None:
    stemmer = method.__self__
    cls = type(stemmer)
    language = module.__name__.partition(".")[2].removesuffix("_stemmer")
    base = sys.modules.get("snowballstemmer.basestemmer")
    is_known = (
        language in SnowballStemmer.languages
        and cls is getattr(module, _class_name(language), None)
        and base is not None
        and cls.__mro__ == (cls, getattr(base, "BaseStemmer", None), object)
        and method.__func__ is cls.__mro__[1].__dict__.get("stemWord")
        and _digest(_snowball_files(_file(module).parent)) == _SNOWBALL
        and _has_its_functions(cls, module)
        and _has_its_functions(cls.__mro__[1], base)
        # What the last word has left behind, and nothing that would hide a table or a function of the class.
        and all(type(value) in (str, int, bool) for value in vars(stemmer).values())
    )
    return SnowballStemmer(language) if is_known else None


def _class_name(language: str) -> str:
    return language.title().replace("_", "") + "Stemmer"


def _snowball_files(folder: Path) -> tuple[Path, ...]:
    names = ["among", "basestemmer", *(f"{language}_stemmer" for language in SnowballStemmer.languages)]
    return tuple(folder / f"{name}.py" for name in names)


def _file(module: ModuleType) -> Path:
    return Path(module.__file__ or "")


@functools.cache
def _digest(paths: tuple[Path, ...]) -> str | None:
    digest = hashlib.sha256()
    try:
        for path in paths:
            digest.update(path.read_bytes())
    except OSError:
        return None
    return digest.hexdigest()


def _has_its_functions(cls: type, module: ModuleType) -> bool:
    """Whether each function of a class is the one that the module's file defines there."""
    return all(
        name.removeprefix(f"_{cls.__name__}") == function.__name__  # `__private` is kept as `_Class__private`
        and function.__qualname__ == f"{cls.__name__}.{function.__name__}"
        and function.__code__.co_filename == module.__file__
        and function.__globals__ is vars(module)
        for name, function in vars(cls).items()
        if isinstance(function, FunctionType)
    )
