"""What keeps a task from the worker that judges it, and from the machine below: asked of the kernel, where it can.

The task's processes have the server's user, so nothing but the kernel's own rules stands between them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import List, NamedTuple, Optional

from .processes import IS_LINUX

# Numbers of the Linux interface (linux/prctl.h, linux/capability.h, linux/seccomp.h, linux/filter.h, linux/audit.h).
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION_3 = 0x20080522
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
LOAD_WORD = 0x20
JUMP_IF_EQUAL = 0x15
RETURN = 0x06
NUMBER_OFFSET, ARCHITECTURE_OFFSET, FIRST_ARGUMENT_OFFSET = 0, 4, 16
AUDIT_X86_64, AUDIT_I386, AUDIT_AARCH64, AUDIT_ARM = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000028
X32 = 0x40000000
AF_VSOCK = 40
IO_URING_SETUP = 425


class _Refusal(NamedTuple):
    """A system call that fails with `error`: whatever its first argument, or only where that is `argument`."""

    architecture: int
    number: int
    argument: Optional[int]
    error: int


def _refusals(architecture: int, socket_call: int) -> List[_Refusal]:
    """Refuse sockets to the machine below a virtual one, which no network namespace holds back.

    And rings of requests to the kernel, which would open them past every filter; as current engines do.
    """
    return [
        _Refusal(architecture, socket_call, AF_VSOCK, errno.EAFNOSUPPORT),
        _Refusal(architecture, IO_URING_SETUP, None, errno.ENOSYS),
    ]


# By machine: the number of its filter call, and what is refused, also to programs of its older kinds. On i386 the old
# call 102 with 1 makes a socket whose family a filter cannot see.
_MACHINES = {
    "x86_64": (
        317,
        [
            *_refusals(AUDIT_X86_64, 41),
            *(refusal._replace(number=X32 | refusal.number) for refusal in _refusals(AUDIT_X86_64, 41)),
            *_refusals(AUDIT_I386, 359),
            _Refusal(AUDIT_I386, 102, 1, errno.EAFNOSUPPORT),
        ],
    ),
    "aarch64": (277, [*_refusals(AUDIT_AARCH64, 198), *_refusals(AUDIT_ARM, 281)]),
}


def hide() -> None:
    """Close this process's memory, files and variables to every other one of its user, and some calls to both."""
    if not IS_LINUX:
        return
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _refuse_calls(libc)


def enter() -> None:
    """Be a task's process from now on: visible again, and without any right beyond those of its user."""
    if not IS_LINUX:
        return
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    _drop_capabilities(libc)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Give up what root has, so that not even root gets at a process that hides."""
    libc.capset(struct.pack("<II", CAPABILITY_VERSION_3, 0), struct.pack("<6I", 0, 0, 0, 0, 0, 0))


def _refuse_calls(libc: ctypes.CDLL) -> None:
    if os.uname().machine not in _MACHINES:
        return
    call, refusals = _MACHINES[os.uname().machine]
    program = ctypes.create_string_buffer(_program(refusals))
    # struct sock_fprog: the number of instructions, and where they are.
    header = struct.pack("@HP", len(program.raw) // 8, ctypes.addressof(program))
    for flags in (SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0):
        # Without the flag, some kernels slow a process with a filter down.
        if libc.syscall(call, SECCOMP_SET_MODE_FILTER, flags, header) == 0:
            return


def _program(refusals: List[_Refusal]) -> bytes:
    """Return the filter for the kernel: a row of instructions a refusal, and at the end the leave to go on."""
    program = b""
    for refusal in refusals:
        wanted = [(ARCHITECTURE_OFFSET, refusal.architecture), (NUMBER_OFFSET, refusal.number)]
        if refusal.argument is not None:
            wanted.append((FIRST_ARGUMENT_OFFSET, refusal.argument))
        left = 2 * len(wanted)
        for offset, value in wanted:
            left -= 2
            program += _instruction(LOAD_WORD, offset) + _instruction(JUMP_IF_EQUAL, value, otherwise=left + 1)
        program += _instruction(RETURN, SECCOMP_RET_ERRNO | refusal.error)
    return program + _instruction(RETURN, SECCOMP_RET_ALLOW)


def _instruction(code: int, value: int, otherwise: int = 0) -> bytes:
    """Return one instruction. otherwise: how many to leap over where the words are not equal."""
    return struct.pack("=HBBI", code, 0, otherwise, value)
