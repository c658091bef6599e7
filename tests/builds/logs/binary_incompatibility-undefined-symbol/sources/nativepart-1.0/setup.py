from setuptools import Extension, setup

setup(
    name="nativepart",
    version="1.0",
    packages=["nativepart"],
    ext_modules=[Extension("nativepart._native", ["native.c"])],
)
