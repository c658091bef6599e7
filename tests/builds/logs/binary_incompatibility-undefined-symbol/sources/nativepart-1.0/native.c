#include <Python.h>

extern int function_of_another_release(void);

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, NULL};

PyMODINIT_FUNC PyInit__native(void) {
    function_of_another_release();
    return PyModule_Create(&definition);
}
