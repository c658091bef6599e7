"""Start the worker, or with an argument a program of the image (`fit`, `serve`), and leave no trace on the module path.

Modules of the task must be found before ours, whatever they are called, so everything of ours lies in one package
with a name of its own, and the folder that holds it leaves `sys.path` once that package is loaded.
"""

import sys

if __name__ == "__main__":
    if len(sys.argv) > 1:
        from harness_worker.image_entry import main
    else:
        from harness_worker.server import main

    del sys.path[0]
    main()
