"""Attacks that want to take the class, the grader or the machine down. What was built before them keeps its points."""

from __future__ import annotations

from attack import breaking

BREAKING = (
    breaking(
        "fork-bomb",
        "start processes without end",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    ),
    breaking(
        "memory-one",
        "take all memory in one array",
        "import numpy as np\nhoard = [np.ones(2**27) for _ in range(100)]",
    ),
    breaking(
        "memory-many",
        "take all memory in many small processes",
        """
        import os, time
        for _ in range(40):
            if os.fork() == 0:
                hoard = bytearray(os.urandom(1) * (60 * 2**20))
                time.sleep(100)
        time.sleep(100)
        """,
        note="more than 1024 MB of memory",
        status="incomplete",
    ),
    breaking(
        "disk",
        "fill the disk",
        """
        import os
        for folder in (".", "/tmp", "/dev/shm", "/run", "/"):
            try:
                with open(folder + "/fill", "wb") as file:
                    while True: file.write(bytes(2**20))
            except OSError as error:
                print(folder, error)
        """,
    ),
    breaking(
        "inodes",
        "fill the disk with empty files",
        """
        try:
            for number in range(200_000): open(f"f{number}", "w").close()
        except OSError as error:
            print(error)
        """,
    ),
    breaking("print-loop", "print without end", "while True: print('x' * 1000)", note="the rest of its output was cut"),
    breaking(
        "rich-outputs",
        "50,000 rich outputs",
        """
        from IPython.display import HTML, display
        for number in range(50_000): display(HTML(f"<b>{number}</b>"))
        """,
        note="the rest of its output was cut",
    ),
    breaking(
        "one-long-line",
        "a line of half a gigabyte in one piece",
        "print('x' * (2**29))",
        note="the rest of its output was cut",
    ),
    breaking(
        "long-repr",
        "an object whose representation is half a gigabyte",
        "class Long:\n    def __repr__(self): return 'x' * 2**29\nLong()",
    ),
    breaking("endless-loop", "never end", "while True: pass", note="still running", status="incomplete"),
    breaking("sleep", "sleep for an hour", "import time\ntime.sleep(3600)", note="still running", status="incomplete"),
    breaking(
        "ignores-interrupts",
        "never end, and ignore the interrupt",
        "import signal\nfor one in (2, 15, 1): signal.signal(one, signal.SIG_IGN)\nwhile True: pass",
        note="did not stop when it was interrupted",
        status="incomplete",
    ),
    breaking(
        "swallows-interrupts",
        "never end, and catch everything",
        """
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
        status="incomplete",
    ),
    breaking("input", "wait for somebody at the keyboard", "answer = input('password? ')"),
    breaking("exit", "leave the kernel at once", "import os\nos._exit(0)", note="The kernel died", status="incomplete"),
    breaking(
        "kill-self",
        "SIGKILL to itself",
        "import os\nme = os.getpid()\nos.kill(me, 9)",
        note="The kernel died",
        status="incomplete",
    ),
    breaking(
        "kill-everybody",
        "SIGKILL to the first process, the parent, the process group and everything there is",
        """
        import os
        for target in (1, os.getppid(), 0, -1):
            try: os.kill(target, 9)
            except OSError: pass
        """,
        status="incomplete",
    ),
    breaking("segfault", "read from address nought", "import ctypes\nctypes.string_at(0)", status="incomplete"),
    breaking(
        "daemon",
        "leave a process behind that outlives the kernel",
        """
        import subprocess
        subprocess.Popen(["sleep", "54321"], start_new_session=True)
        """,
    ),
    breaking(
        "threads",
        "thousands of threads",
        """
        import threading, time
        try:
            for _ in range(5000): threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        except RuntimeError as error:
            print(error)
        """,
    ),
    breaking(
        "descriptors",
        "use up every file descriptor",
        """
        kept = []
        try:
            while True: kept.append(open("/dev/null"))
        except OSError as error:
            print(error)
        """,
    ),
    breaking(
        "printing-threads",
        "print for ever from threads in the background",
        """
        import threading, time
        def chatter():
            while True: print("x" * 500); time.sleep(0.0005)
        for _ in range(5): threading.Thread(target=chatter, daemon=True).start()
        """,
    ),
    breaking(
        "nested-kernel",
        "start another kernel and run code in it",
        """
        try:
            from jupyter_client.manager import start_new_kernel
            manager, client = start_new_kernel(startup_timeout=3)
        except BaseException as error:
            print(type(error).__name__)
        """,
    ),
    breaking("bash", "leave through a shell", "%%bash\nsleep 9999 &\nkill -9 $PPID\nrm -rf / 2>/dev/null\necho gone"),
    breaking(
        "corrupt-replies",
        "send the grader messages that no kernel sends",
        """
        import os
        kernel = get_ipython().kernel
        for content in (None, 5, [], {"execution_state": 7}, {"status": {}}, {"data": "x", "metadata": 3}):
            for kind in ("status", "execute_reply", "display_data", "stream", "error", "comm_open", "\\x00", "é" * 99):
                try: kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
                except Exception: pass
        kernel.iopub_socket.send_multipart([b"", b"<IDS|MSG>", b"wrong signature", b"{}", b"{", b"}", b"\\xff"])
        """,
        status=None,
    ),
    breaking(
        "message-parts",
        "send the grader one message of which the parts never end",
        """
        import os, socket, struct, time
        part = b"\\x03" + struct.pack(">Q", 2**20) + bytes(2**20)  # ZMTP 3: more follows, a long frame
        ends = time.time() + 30
        connections = []
        for number in map(int, os.listdir("/proc/self/fd")):
            try:
                one = socket.socket(fileno=os.dup(number))
                one.getpeername()
            except OSError:
                continue
            one.setblocking(True)
            connections.append(one)
        print(len(connections), "connections")
        import threading
        def flood(one):
            try:
                while time.time() < ends: one.sendall(part)
            except OSError: pass
        threads = [threading.Thread(target=flood, args=(one,)) for one in connections]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """,
        status=None,
    ),
    breaking(
        "socket-memory",
        "take memory that belongs to no process: what sockets hold",
        """
        import socket
        held = []
        while True:
            pair = socket.socketpair()
            for one in pair:
                one.setblocking(False)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**26)
                try:
                    while True: one.send(bytes(2**20))
                except OSError: pass
            held.append(pair)
        """,
        status=None,
    ),
    breaking(
        "thread-crowd",
        "crowd everybody else out with threads that never rest",
        """
        import threading
        def spin():
            while True: pass
        for _ in range(200):
            try: threading.Thread(target=spin, daemon=True).start()
            except RuntimeError: break
        """,
        status=None,
    ),
    breaking(
        "shared-images",
        "change the images that all kernels share",
        """
        import mmap, os
        (x, y), _ = keras.datasets.mnist.load_data()
        x[:] = 0
        y[:] = 0
        for number in os.listdir("/proc/self/fd"):
            for attempt in (lambda n: os.pwrite(n, bytes(1000), 0), lambda n: os.ftruncate(n, 0),
                            lambda n: mmap.mmap(n, 1000, flags=mmap.MAP_SHARED, prot=mmap.PROT_WRITE).write(b"x" * 99)):
                try: attempt(int(number)) if int(number) > 9 else None
                except (OSError, ValueError): pass
        """,
    ),
    breaking(
        "rights",
        "get rights back: setuid, namespaces, mounts, devices, tracing, the clock",
        """
        import ctypes, os
        libc = ctypes.CDLL(None)
        print([libc.setuid(0), libc.unshare(0x10000000), libc.unshare(0x20000), libc.chroot(b"/tmp"),
               libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.umount(b"/proc"), libc.ptrace(16, 1, 0, 0),
               libc.sethostname(b"x", 1), libc.mknod(b"disk", 0o60666, 0x800), libc.syscall(175, 0, 0, 0)])
        for work in (lambda: os.setpriority(0, 0, -20), lambda: os.nice(-10),
                     lambda: open("/dev/mem"), lambda: os.sched_setscheduler(0, 1, os.sched_param(99))):
            try: work()
            except OSError: pass
        """,
    ),
    breaking(
        "recursion",
        "overflow the stack of the interpreter",
        "import sys\nsys.setrecursionlimit(10**9)\ndef deeper(n): return deeper(n + 1) + 1\ndeeper(0)",
    ),
)
