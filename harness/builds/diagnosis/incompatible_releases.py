"""Names that widely used packages have removed, and the requirement that has them still.

Each row was checked by installing, on Python 3.11, the last release that the requirement allows and the first that it
does not, and asking both for the name; `markupsafe` and `torchvision` go by their release notes.
"""

from __future__ import annotations

# (module, name): requirement. A name of "" stands for the module itself.
REMOVED = {
    ("pkg_resources", ""): "setuptools<82",
    ("distutils", ""): "setuptools",
    ("pkg_resources", "packaging"): "setuptools<70",
    ("werkzeug.urls", "url_quote"): "werkzeug<3",
    ("werkzeug.urls", "url_decode"): "werkzeug<3",
    ("werkzeug.urls", "url_encode"): "werkzeug<3",
    ("werkzeug.urls", "url_parse"): "werkzeug<3",
    ("werkzeug", "cached_property"): "werkzeug<1",
    ("werkzeug", "secure_filename"): "werkzeug<1",
    ("werkzeug.wrappers", "BaseResponse"): "werkzeug<2.1",
    ("jinja2", "escape"): "jinja2<3.1",
    ("jinja2", "Markup"): "jinja2<3.1",
    ("jinja2", "contextfilter"): "jinja2<3.1",
    ("jinja2", "contextfunction"): "jinja2<3.1",
    ("jinja2", "evalcontextfilter"): "jinja2<3.1",
    ("markupsafe", "soft_unicode"): "markupsafe<2.1",
    ("itsdangerous", "json"): "itsdangerous<2.1",
    ("flask", "escape"): "flask<3",
    ("flask", "Markup"): "flask<3",
    ("flask", "_app_ctx_stack"): "flask<3",
    ("flask", "_request_ctx_stack"): "flask<3",
    ("flask.json", "JSONEncoder"): "flask<2.3",
    ("click", "get_os_args"): "click<8.1",
    ("click.termui", "get_terminal_size"): "click<8.1",
    ("urllib3.util.ssl_", "DEFAULT_CIPHERS"): "urllib3<2",
    ("urllib3.packages.six", ""): "urllib3<2",
    ("urllib3.contrib.appengine", ""): "urllib3<2",
    ("pydantic", "BaseSettings"): "pydantic<2",
    ("scipy.linalg", "tril"): "scipy<1.13",
    ("scipy.linalg", "triu"): "scipy<1.13",
    ("scipy.integrate", "simps"): "scipy<1.14",
    ("scipy.integrate", "trapz"): "scipy<1.14",
    ("scipy.integrate", "cumtrapz"): "scipy<1.14",
    ("scipy.signal", "hann"): "scipy<1.13",
    ("scipy", "interp"): "scipy<1.12",
    ("sklearn.metrics", "plot_roc_curve"): "scikit-learn<1.2",
    ("sklearn.metrics", "plot_confusion_matrix"): "scikit-learn<1.2",
    ("sklearn.datasets", "load_boston"): "scikit-learn<1.2",
    ("numpy", "int"): "numpy<1.24",
    ("numpy", "float"): "numpy<1.24",
    ("numpy", "bool"): "numpy<1.24",
    ("numpy", "object"): "numpy<1.24",
    ("numpy", "str"): "numpy<1.24",
    ("numpy", "complex"): "numpy<1.24",
    ("numpy", "typeDict"): "numpy<1.24",
    ("numpy", "float_"): "numpy<2",
    ("numpy", "complex_"): "numpy<2",
    ("numpy", "unicode_"): "numpy<2",
    ("numpy", "string_"): "numpy<2",
    ("numpy", "Inf"): "numpy<2",
    ("numpy", "NaN"): "numpy<2",
    ("numpy", "product"): "numpy<2",
    ("numpy", "cumproduct"): "numpy<2",
    ("numpy", "alltrue"): "numpy<2",
    ("numpy", "sometrue"): "numpy<2",
    ("numpy", "in1d"): "numpy<2.4",
    ("numpy", "trapz"): "numpy<2.4",
    ("numpy.lib.function_base", ""): "numpy<2",
    ("numpy.lib.arraysetops", ""): "numpy<2",
    ("pandas", "Int64Index"): "pandas<2",
    ("pandas", "Float64Index"): "pandas<2",
    ("pandas.core.indexes.numeric", ""): "pandas<2",
    ("pandas.util.testing", ""): "pandas<2",
    ("matplotlib.cm", "register_cmap"): "matplotlib<3.9",
    ("matplotlib.cm", "get_cmap"): "matplotlib<3.9",
    ("huggingface_hub", "cached_download"): "huggingface-hub<0.26",
    ("google.protobuf.internal", "builder"): "protobuf>=3.20",
    ("google.protobuf", "runtime_version"): "protobuf>=5.26",
    ("networkx", "from_numpy_matrix"): "networkx<3",
    ("networkx", "to_numpy_matrix"): "networkx<3",
    ("torchvision.transforms.functional_tensor", ""): "torchvision<0.17",
}
# A release that was built for NumPy 2. Tried with NumPy 2.0 on Python 3.11: it loads, and what pip chooses below it
# does not.
BUILT_FOR_NUMPY_2 = {
    "bottleneck": "1.4.0",
    "catboost": "1.2.8",
    "fastparquet": "2024.5.0",
    "h5py": "3.11.0",
    "matplotlib": "3.8.4",
    "numexpr": "2.10.0",
    "opencv-contrib-python": "4.10.0.84",
    "opencv-contrib-python-headless": "4.10.0.84",
    "opencv-python": "4.10.0.84",
    "opencv-python-headless": "4.10.0.84",
    "pandas": "2.2.2",
    "pyarrow": "16.0.0",
    "pywavelets": "1.6.0",
    "scikit-image": "0.23.0",
    "scikit-learn": "1.4.2",
    "scipy": "1.13.0",
}
# When Python's standard library lost a module. Source: "What's new" of each release.
REMOVED_FROM_PYTHON = {
    "3.10": ("formatter", "parser", "symbol", "macpath"),
    "3.11": ("binhex",),
    "3.12": ("asynchat", "asyncore", "distutils", "imp", "smtpd"),
    "3.13": (
        *(
            "aifc",
            "audioop",
            "cgi",
            "cgitb",
            "chunk",
            "crypt",
            "imghdr",
            "lib2to3",
            "mailcap",
            "msilib",
            "nis",
            "nntplib",
        ),
        *("ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    ),
}


def requirement_with(module: str, name: str) -> str | None:
    """Return the requirement that brings a removed name of a module back, None where none is known."""
    return REMOVED.get((module, name)) or REMOVED.get((f"{module}.{name}" if name else module, ""))


def python_without(module: str) -> str | None:
    """Return the release of Python that no longer has this module of the standard library, None where all have it."""
    top = module.split(".", maxsplit=1)[0]
    return next((version for version, modules in REMOVED_FROM_PYTHON.items() if top in modules), None)
