from Cython.Build import cythonize
from setuptools import setup

setup(name="sprocket-c", version="2.0", ext_modules=cythonize("*.pyx"))
