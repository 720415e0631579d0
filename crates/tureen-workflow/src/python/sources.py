"""Where scripts, wrappers and other files of a workflow come from: a folder, or the network."""

import os
import re

from _tureen import copies
from snakemake.exceptions import WorkflowError

#: Where wrappers are when no prefix is given.
WRAPPERS = "https://github.com/snakemake/snakemake-wrappers/raw/"


def is_url(path):
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", path) is not None and not path.startswith("file:")


def without_scheme(path):
    """`file:a`, `file://a` and `file:///a` are paths."""
    if not path.startswith("file:"):
        return path
    path = path.removeprefix("file:")
    return path.removeprefix("//") if path.startswith("//") else path


def located(path, folder):
    """Give a path or address seen from the folder (or address) that it is written in."""
    path = without_scheme(os.fspath(path))
    if is_url(path):
        return path
    if is_url(folder):
        import posixpath

        return f"{folder}/{posixpath.normpath(path)}"
    return os.path.join(folder, path)


def local(place):
    """Give a file on the disk with the content of a path or address."""
    if not is_url(place):
        if not os.path.exists(place):
            raise WorkflowError(f"there is no file {place}")
        return place
    if not place.startswith(("http://", "https://")):
        raise WorkflowError(f"can't read {place}: only files, http:// and https:// are supported by tureen")
    return _fetched(place)


def _fetched(address):
    """Download once; what stands under a tag or commit is kept between runs, anything else for this run."""
    import hashlib
    import tempfile
    import urllib.error
    import urllib.request

    is_fixed = re.search(r"/(v?\d+\.\d+\.\d+|[0-9a-f]{40})/", address)
    kept = copies.cache("sources") if is_fixed else os.path.join(copies.made(), "web")
    name = f"{hashlib.sha256(address.encode()).hexdigest()[:24]}"
    # The last part stays the name, since it tells the language and tracebacks show it.
    place = os.path.join(kept, name, address.rstrip("/").rpartition("/")[2])
    if os.path.exists(place):
        return place
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            content = answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise WorkflowError(f"can't read {address}: {error}") from None
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(place), delete=False) as out:
        out.write(content)
    os.replace(out.name, place)
    return place


def wrapper_script(path, prefix):
    """Give the script of a wrapper, by its name under the prefix or by its own path."""
    if is_url(path) or path.startswith("file:"):
        place = without_scheme(path)
    else:
        place = without_scheme((prefix or WRAPPERS) + path)
    if re.search(r"wrapper\.(py|R|Rmd|jl)$", place):
        return place
    errors = []
    for name in ("wrapper.py", "wrapper.R", "wrapper.Rmd", "wrapper.jl"):
        candidate = place.rstrip("/") + "/" + name
        try:
            local(candidate)
            return candidate
        except WorkflowError as error:
            errors.append(str(error))
    raise WorkflowError(f"there is no wrapper {path} ({'; '.join(errors)})")
