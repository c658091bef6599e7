"""Print what is installed here as one line of JSON, without importing any of it. Runs on Python 3.8 and later."""

import importlib.metadata
import json
import os
import platform
import sys


def main() -> int:
    # What an installer has left half removed has no name.
    found = [
        [distribution.metadata.get("Name"), distribution.version, distribution.requires or []]
        for distribution in importlib.metadata.distributions()
        if distribution.metadata and distribution.metadata.get("Name")
    ]
    version = platform.python_version()
    markers = {
        "implementation_name": sys.implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": version,
        "python_version": ".".join(version.split(".")[:2]),
        "sys_platform": sys.platform,
    }
    print(json.dumps({"packages": found, "markers": markers}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
