"""Thirty queries over the standard library and numpy, with the APIs that would be right answers.

Written before any of them was tried. What numpy has only in compiled form (its
ufuncs: add, sqrt, maximum) is not asked for, since source does not hold it.
"""

from __future__ import annotations

STANDARD_LIBRARY: dict[str, tuple[str, ...]] = {
    "parse a JSON string": ("json.loads", "json.JSONDecoder.decode"),
    "pick a random element from a list": ("random.choice", "random.Random.choice", "secrets.choice"),
    "split a path into directory and file name": ("os.path.split",),
    "create a temporary directory": ("tempfile.mkdtemp", "tempfile.TemporaryDirectory"),
    "copy a whole directory tree": ("shutil.copytree",),
    "run a command and capture its output": (
        "subprocess.check_output",
        "subprocess.run",
        "subprocess.getoutput",
    ),
    "count how often each element occurs": ("collections.Counter", "statistics.multimode"),
    "median of the data": ("statistics.median",),
    "wrap text to a line width": ("textwrap.wrap", "textwrap.fill"),
    "remove common leading whitespace from lines": ("textwrap.dedent",),
    "escape special characters in a regular expression": ("re.escape",),
    "quote a string for the shell": ("shlex.quote",),
    "date from an ISO 8601 string": (
        "datetime.date.fromisoformat",
        "datetime.datetime.fromisoformat",
        "datetime.time.fromisoformat",
    ),
    "insert into a sorted list": ("bisect.insort", "bisect.insort_left", "bisect.insort_right"),
    "download a URL to a file": ("urllib.request.urlretrieve", "urllib.request.URLopener.retrieve"),
}

NUMPY: dict[str, tuple[str, ...]] = {
    "inverse of a matrix": ("numpy.linalg.inv",),
    "solve a linear system of equations": ("numpy.linalg.solve",),
    "remove dimensions of size one": ("numpy.squeeze",),
    "evenly spaced numbers over an interval": ("numpy.linspace", "numpy.arange"),
    "sort an array": ("numpy.sort", "numpy.ndarray.sort"),
    "indices that would sort an array": ("numpy.argsort", "numpy.ndarray.argsort", "numpy.lexsort"),
    "replace NaN with zero": ("numpy.nan_to_num",),
    "unique elements of an array": ("numpy.unique", "numpy.unique_values"),
    "join a sequence of arrays along an existing axis": ("numpy.concatenate",),
    "repeat an array a number of times": ("numpy.tile", "numpy.repeat", "numpy.ndarray.repeat"),
    "load data from a text file": ("numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile"),
    "limit the values in an array": ("numpy.clip", "numpy.ndarray.clip"),
    "discrete Fourier transform": ("numpy.fft.fft", "numpy.fft.fftn", "numpy.fft.rfft", "numpy.fft.fft2"),
    "cumulative sum": ("numpy.cumsum", "numpy.ndarray.cumsum", "numpy.cumulative_sum", "numpy.nancumsum"),
    "test whether all elements are true": ("numpy.all", "numpy.ndarray.all"),
}
