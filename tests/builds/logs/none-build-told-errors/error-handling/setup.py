import sys
print('error: command gcc failed: No such file or directory', file=sys.stderr)
print('ModuleNotFoundError: No module named numpy')
print('fatal error: Python.h: No such file or directory')
from setuptools import setup
setup(name='error-handling', version='1.0', py_modules=[])
