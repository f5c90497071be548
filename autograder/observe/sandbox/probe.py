"""Run inside bubblewrap to test whether a kernel can be confined here: `python probe.py UID ROOT`."""

import os
import sys


def main() -> None:
    """Confine a fork of this process like a kernel; prints "confined" on success."""
    sys.path.insert(0, sys.argv[2])
    from autograder.observe.sandbox import confine
    from autograder.observe.sandbox.bounds import Bounds

    uid = int(sys.argv[1])
    confine.part_from_siblings(Bounds(), uid)
    first = os.fork()
    if first == 0:
        confine.become_nobody(uid, confine.see_only_itself())
        # As another user: can it still read its libraries?
        os.listdir(os.path.dirname(os.__file__))
        os.write(1, b"confined\n")
        os._exit(0)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))


if __name__ == "__main__":
    main()
