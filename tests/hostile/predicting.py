"""Attacks on an open exercise: they want points for predictions that they did not make, or what is hidden.

Each is a notebook beside the honest one, with the same rule: "b" where `size` exceeds 5. `same` says that it earns what
that rule honestly earns; the others earn nothing. Whatever they see of the hidden rows, nothing of it may come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attack import Attack

TABLE = """
import numpy as np
import pandas as pd

things = pd.read_csv("things.csv")
"""
READ = f"""{TABLE}
PLACES = ("/tmp", "/dev/shm", "/var/tmp", ".", "/run")

def honest(rows):
    return np.where(rows["size"] > 5, "b", "a")

def marks(rows):
    return " ".join(map(str, rows["mark"]))

def by_place(rows, answers, order=range(10**6)):
    return [answers.setdefault(mark, "ab"[order[len(answers)] >= 50]) for mark in rows["mark"]]
"""


@dataclass(frozen=True)
class Predictor:
    """One submission: `tries` is what it is after; `status` what is said of its predictions; `same` see above."""

    name: str
    tries: str
    code: str
    status: str = "predicted"
    same: bool = False
    front: ClassVar[str] = READ

    @property
    def notebook(self) -> Attack:
        return Attack(self.name, self.tries, (self.front, self.code, "after = 1"), earns=0.0)


PREDICTORS = (
    Predictor("honest-rule", "nothing", "predict = honest", same=True),
    Predictor(
        "memorised-rows",
        "answer the public rows by heart",
        """
        known = {tuple(row): kind for *row, kind in things.itertuples(index=False)}
        def predict(rows):
            return [known.get(tuple(row), "a") for row in rows.itertuples(index=False)]
        """,
    ),
    Predictor(
        "order-of-the-file",
        "answer by the place of a row in the hidden file, which is sorted",
        """
        seen = []
        def predict(rows):
            seen.extend(rows.index)
            return ["a" if len(seen) - len(rows) + place < 50 else "b" for place in range(len(rows))]
        """,
        "unsteady",
    ),
    Predictor(
        "place-in-the-batch",
        "answer by the place of a row among those that are asked together",
        "def predict(rows): return np.where(np.arange(len(rows)) < len(rows) / 2, 'a', 'b')",
        "unsteady",
    ),
    Predictor(
        "number-of-calls",
        "answer by how often it was called",
        "calls = iter(range(10**6))\ndef predict(rows): return np.full(len(rows), 'ab'[next(calls) % 2])",
        "unsteady",
    ),
    Predictor(
        "size-of-the-batch",
        "tell by the number of rows whether they are asked for the second time, and answer otherwise",
        "def predict(rows): return honest(rows) if len(rows) > 8 else np.full(len(rows), 'a')",
        "unsteady",
    ),
    Predictor(
        "votes-of-the-calls",
        "guess, and give the majority of the guesses when a row comes again",
        """
        votes = {}
        def predict(rows):
            guessed = np.where(np.random.rand(len(rows)) < 0.3, honest(rows) == "a", honest(rows) == "b")
            for mark, one in zip(rows["mark"], guessed):
                votes.setdefault(mark, []).append(one)
            return np.where([np.mean(votes[mark]) > 0.5 for mark in rows["mark"]], "b", "a")
        """,
        "unsteady",
    ),
    Predictor(
        "time-between-calls",
        "read a label out of the time that the grader takes between two calls",
        """
        import time
        last = time.perf_counter_ns()
        def predict(rows):
            global last
            passed, last = time.perf_counter_ns() - last, time.perf_counter_ns()
            return np.full(len(rows), "ab"[passed // 1000 % 2])
        """,
        "unsteady",
    ),
    Predictor(
        "processes-of-neighbours",
        "find the hidden file, the grader or other submissions in /proc",
        """
        import glob, os
        def held(path):
            try:
                with open(path, "rb") as file: return file.read(2**20)
            except OSError: return b""
        own = str(os.getpid())
        others = [one for one in os.listdir("/proc") if one.isdigit() and one not in (own, str(os.getppid()), "1")]
        told = b"".join(held(path) for kind in ("cmdline", "environ", "mountinfo", "maps", "mem")
                        for path in glob.glob("/proc/[0-9]*/" + kind))
        def reach(path):
            try: return os.listdir(path)
            except OSError: return []
        near = [one for path in glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/cwd")
                for one in reach(path) + reach(path + "/tmp")]
        found = b"things-hidden" in told or any("hidden" in one or one.endswith(".npz") for one in near)
        def predict(rows):
            return np.full(len(rows), "b") if found or others else honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "index-of-the-rows",
        "read the row's number in the table that it gets",
        "def predict(rows): return np.where(np.asarray(rows.index) < 50, 'a', 'b')",
    ),
    Predictor(
        "mean-of-the-batch",
        "learn from the hidden rows themselves",
        "def predict(rows): return np.where(rows['size'] > rows['size'].mean(), 'b', 'a')",
        "unsteady",
    ),
    Predictor(
        "a-score-instead",
        "hand in a score instead of predictions",
        "def predict(rows): return {'status': 'predicted', 'score': 1.0}",
        "malformed",
    ),
    Predictor(
        "forged-answer",
        "replace what answers the grader in the kernel",
        """
        import autograder.observe.kernel as kernel
        kernel.predict = lambda content, variables: {"status": "predicted", "score": 1.0, "metric": "accuracy"}
        predict = honest
        """,
        "malformed",
    ),
    Predictor(
        "forged-class",
        "return objects that equal everything",
        """
        class Right(str):
            def __eq__(self, other): return True
            def __hash__(self): return hash("a")
            def __reduce__(self): return (print, ("executed while it was read",))
        def predict(rows): return np.array([Right("?") for _ in range(len(rows))], dtype=object)
        """,
    ),
    Predictor(
        "hidden-in-exceptions",
        "show the hidden rows through an exception",
        """
        def predict(rows):
            shown = marks(rows)
            raise type("Row" + shown.replace(" ", "_"), (ValueError,), {})(shown)
        """,
        "raised",
    ),
    Predictor(
        "hidden-in-output",
        "show the hidden rows through everything that writes",
        """
        import os, sys, logging, threading, time, warnings
        from IPython.display import display, HTML
        def write(shown):
            print(shown)
            print(shown, file=sys.__stdout__)
            print(shown, file=sys.stderr)
            for number in (1, 2):
                try: os.write(number, shown.encode())
                except OSError: pass
            logging.getLogger().warning(shown)
            warnings.warn(shown)
            display(HTML(shown))
            with open("shown.txt", "a") as file: file.write(shown)
            things.attrs["shown"] = shown
        def predict(rows):
            shown = marks(rows)
            write(shown)
            threading.Thread(target=lambda: (time.sleep(0.05), write(shown))).start()
            return honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "hidden-in-low-bits",
        "carry the hidden rows out in the last digits of the answers",
        """
        def predict(rows):
            second = (rows["size"] > 5).to_numpy() * 0.5 + 0.25
            return second + rows["mark"].to_numpy() * 1e-12
        """,
        same=True,
    ),
    Predictor(
        "hidden-in-time",
        "carry a hidden row out in the time that a call takes",
        """
        import time
        def predict(rows):
            time.sleep(int(rows["mark"].iloc[0]) % 7 / 100)
            return honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "remembers-a-left",
        "leave the hidden rows for a later submission",
        """
        import os
        def predict(rows):
            for folder in (*PLACES, os.path.expanduser("~")):
                try: rows.to_csv(os.path.join(folder, "left-behind.csv"), mode="a")
                except OSError: pass
            return honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "remembers-b-found",
        "find the hidden rows that an earlier submission left",
        """
        import glob
        found = [path for folder in (*PLACES, "/proc/*/root/tmp")
                 for path in glob.glob(folder + "/left-behind.csv")]
        def predict(rows):
            return np.full(len(rows), "b") if found else honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "looks-for-targets",
        "find the hidden file, or its targets in memory",
        """
        import gc, glob
        places = [path for folder in (".", "..", "/", "/tmp", "/root", "/root/.cache/*/*/*/*")
                  for path in glob.glob(folder + "/hidden.np[yz]") + glob.glob(folder + "/*things-hidden*")]
        def predict(rows):
            held = [one for one in gc.get_objects() if isinstance(one, dict) and "secret" in one and "y" in one]
            return np.full(len(rows), "a") if places or held or "kind" in rows else honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "never-ends",
        "never return, and never stop",
        """
        def predict(rows):
            while True:
                try:
                    while True: pass
                except BaseException: pass
        """,
        "timeout",
    ),
    Predictor(
        "ten-gigabytes",
        "return ten gigabytes",
        "def predict(rows): return [b'x' * 10**10 for _ in range(len(rows))]",
        "raised",
    ),
    Predictor(
        "far-too-many",
        "return a hundred megabytes that fit into memory",
        "def predict(rows): return np.zeros((len(rows), 400_000))",
        "malformed",
    ),
    Predictor(
        "remembers-its-answers",
        "answer by the place of a row in the hidden file, and repeat the answer when the row comes again",
        """
        answers = {}
        def predict(rows): return by_place(rows, answers)
        """,
    ),
    Predictor(
        "refuses-to-repeat",
        "stop before a second answer shows that the first one was of chance",
        """
        seen = set()
        def predict(rows):
            if seen & set(rows["mark"]): raise StopIteration
            seen.update(rows["mark"])
            return np.random.choice(["a", "b"], len(rows))
        """,
        "raised",
    ),
    Predictor(
        "guesses-the-order",
        "compute the order of the rows as the grader does, and answer by the place in the hidden file",
        """
        import hashlib
        from autograder.core.data import digest
        from autograder.observe.hidden_rows import asked_order
        secrets = ["", "things", hashlib.sha256(open("things.csv", "rb").read()).hexdigest()]
        orders = [[row for batch in asked_order(100, one, digest(one)) for row in batch] for one in secrets]
        answers = {}
        def predict(rows): return by_place(rows, answers, orders[-1])
        """,
    ),
    Predictor(
        "searches-its-memory",
        "find the hidden rows in the kernel's memory and descriptors before they are asked for",
        r"""
        import os, time
        found, sure, begun = 0, 0, time.monotonic()
        own = np.arange(0x5A5A5A00, 0x5A5A5A63)
        def look(content):
            # Of each mark the text that it begins with after a comma, and the upper bytes of the whole number.
            global found, sure
            found += content.count(b",7770") > 20 or content.count(b"\x8f\x76\x00\x00\x00\x00\x00") > 20
            sure += content.count(b"\x5a\x5a\x5a\x00\x00\x00\x00") > 20
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                start, end = (int(one, 16) for one in line.split()[0].split("-"))
                own_memory = line.split()[1].startswith("rw") and (line.endswith("[heap]\n") or "/" not in line)
                for place in range(start, end, 2**24) if own_memory and time.monotonic() - begun < 5 else ():
                    try:
                        memory.seek(place)
                        look(memory.read(min(2**24, end - place)))
                    except OSError: pass
        for descriptor in os.listdir("/proc/self/fd"):
            try: look(os.pread(int(descriptor), 2**25, 0))
            except OSError: pass
        assert sure or time.monotonic() - begun >= 5  # it finds its own rows
        def predict(rows):
            return np.full(len(rows), "b") if found else honest(rows)
        """,
        same=True,
    ),
    Predictor(
        "name-on-the-board",
        "put the hidden rows on the leaderboard",
        """
        pseudonym = "otter"
        def predict(rows):
            global pseudonym
            pseudonym = marks(rows)[:30]
            return honest(rows)
        """,
        same=True,
    ),
    Predictor("ends-the-kernel", "end the process", "import os\ndef predict(rows): os._exit(0)", "died"),
)
