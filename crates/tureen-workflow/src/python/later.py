"""Values that can't be known before the inputs are there."""

#: What stands for them, here and on the other side.
NOT_YET = "<TBD>"


class NotYet(str):
    """Whatever is computed with it is not known yet either."""

    __slots__ = ()

    def __new__(cls):
        return super().__new__(cls, NOT_YET)

    def __reduce__(self):
        return NotYet, ()

    def _same(self, *_others):
        return self

    def __bool__(self):
        return False

    for _name in (
        "getitem add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow "
        "neg pos abs round"
    ).split():
        locals()[f"__{_name}__"] = _same
    del _name


def known_or_not(value):
    """Give a value as it came over the wire, or what stands for one that is not known."""
    return NotYet() if value == NOT_YET and isinstance(value, str) else value
