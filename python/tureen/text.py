"""Text operations that run in Rust and give exactly what the well-known Python packages give."""

from __future__ import annotations

from tureen._tureen import porter_stem

__all__ = ["PorterStemmer"]


class PorterStemmer:
    """Make the stems that ``nltk.stem.PorterStemmer`` (3.10, in its default mode) makes, only faster.

    >>> stemmer = PorterStemmer()
    >>> [stemmer.stem(word) for word in ("connected", "connecting", "Connections")]
    ['connect', 'connect', 'connect']

    A stemmer has no state: one serves all threads, travels to other processes, and equals any other.
    """

    __slots__ = ()

    def stem(self, word: str, to_lowercase: bool = True) -> str:
        """Return the stem of a word.

        Args:
            word: one word.
            to_lowercase: whether the word is lower-cased first, as ``str.lower`` does; without that, capitals
                are consonants and no suffix has any.

        Raises:
            TypeError: the word is no ``str``.

        >>> PorterStemmer().stem("Skies")
        'sky'
        >>> PorterStemmer().stem("Skies", to_lowercase=False)
        'Ski'
        """
        return porter_stem(word, to_lowercase)

    def __eq__(self, other: object) -> bool:
        return type(other) is PorterStemmer

    def __hash__(self) -> int:
        return hash(PorterStemmer)

    def __repr__(self) -> str:
        return "PorterStemmer()"
