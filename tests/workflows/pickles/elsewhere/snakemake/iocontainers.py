"""The classes that a pickle of Snakemake's names, as an environment without tureen has them."""


class AttributeGuard:
    pass


class Params(list):
    pass
