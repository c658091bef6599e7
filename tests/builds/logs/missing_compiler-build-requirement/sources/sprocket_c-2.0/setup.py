from setuptools import Extension, setup

setup(name="sprocket-c", version="2.0", ext_modules=[Extension("sprocket", ["sprocket.c"])])
