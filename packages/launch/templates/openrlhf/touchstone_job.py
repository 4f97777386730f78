"""What the files of this folder share: the job's settings, its tasks and its journal."""

import json
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "settings.json").read_text("utf-8"))


def next_attempt():
    """Whoever starts train.py by hand comes after all that have written a journal: steps are read in the order of these numbers."""
    numbers = [path.stem.split("-")[1] for path in HERE.glob("journal-*.jsonl")]
    return 1 + max((int(number) for number in numbers if number.isdecimal()), default=0)


# Processes that this one starts have the same number.
ATTEMPT = int(os.environ.setdefault("TOUCHSTONE_ATTEMPT", str(next_attempt())))


def lines_of(name):
    with open(HERE / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_journal(**record):
    """Adds a line to what Touchstone follows, on the disk when it returns. Two processes write, one after the other."""
    line = json.dumps({"run": SETTINGS["run"], "attempt": ATTEMPT, **record}, allow_nan=False)
    with open(HERE / f"journal-{ATTEMPT}.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
