"""Names that people write into requirements.txt although the package has another one, or none.

Keys are canonical (lower case, hyphens). A name is listed only where the package that bears it is not what its
writer wants: an empty shell, something unrelated, or nothing at all.
"""

from __future__ import annotations

import sys

DISTRIBUTION_OF_IMPORT = {
    "attr": "attrs",
    "bio": "biopython",
    "bs4": "beautifulsoup4",
    "crypto": "pycryptodome",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "pymupdf",
    "git": "gitpython",
    "grpc": "grpcio",
    "imblearn": "imbalanced-learn",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "lgb": "lightgbm",
    "lgbm": "lightgbm",
    "magic": "python-magic",
    "mpl-toolkits": "matplotlib",
    "mysqldb": "mysqlclient",
    "nacl": "pynacl",
    "np": "numpy",
    "openssl": "pyopenssl",
    "osgeo": "gdal",
    "pd": "pandas",
    "pil": "pillow",
    "plt": "matplotlib",
    "pptx": "python-pptx",
    "pylab": "matplotlib",
    "pytorch": "torch",
    "pywt": "pywavelets",
    "serial": "pyserial",
    "shapefile": "pyshp",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "sksurv": "scikit-survival",
    "slugify": "python-slugify",
    "tf": "tensorflow",
    "umap": "umap-learn",
    "usb": "pyusb",
    "xgb": "xgboost",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
STANDARD_LIBRARY = frozenset(
    name.lower().replace("_", "-") for name in sys.stdlib_module_names if not name.startswith("_")
)
