/* SPDX-License-Identifier: MIT */
/* One CPU of Unicorn, as the engine needs it on every instruction and every exit. */

#include <stddef.h>
#include <stdint.h>

/* Python's stable ABI (PEP 384), as far as it is used: declared here, so that no header of Python is needed. */

typedef struct PyObject PyObject;
typedef intptr_t Py_ssize_t;
typedef struct { Py_ssize_t count; PyObject *type; } PyObjectHead;
typedef struct { int id; void *value; } PyModuleDef_Slot;
typedef struct {
    PyObjectHead head;
    PyObject *(*init)(void);
    Py_ssize_t index;
    PyObject *copy;
    const char *name, *doc;
    Py_ssize_t size;
    void *methods;
    PyModuleDef_Slot *slots;
    void *traverse, *clear, *free;
} PyModuleDef;

extern PyObject *PyModuleDef_Init(PyModuleDef *);

static PyModuleDef_Slot slots[] = {{0, NULL}};
static PyModuleDef module = {.head = {1, NULL}, .name = "_cpu", .slots = slots};

__attribute__((visibility("default"))) PyObject *PyInit__cpu(void);
PyObject *PyInit__cpu(void) { return PyModuleDef_Init(&module); }
