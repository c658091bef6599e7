from nativepart import _native
