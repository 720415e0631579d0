"""`snakemake.remote`: importable, as in Snakemake 9, and of no use, as there."""


class RemoteProviderBase:
    """Where files used to be fetched from."""

    def __init__(self, *_args, **_kwargs):
        raise NotImplementedError(
            "remote providers ended with Snakemake 8, and files are local here; "
            "download the file in a rule of its own"
        )


RemoteProvider = RemoteProviderBase
