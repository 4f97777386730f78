"""What the files of this folder share: the job's settings, its tasks, its journal, and what is refused whoever trains."""

import hashlib
import importlib.metadata
import json
import math
import os
import pathlib
import sys

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
    """Adds a line to what Touchstone follows, on the disk when it returns. Where two processes write, it is one after the other."""
    line = json.dumps({"run": SETTINGS["run"], "attempt": ATTEMPT, **record}, allow_nan=False)
    with open(HERE / f"journal-{ATTEMPT}.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions_of(packages):
    """Of Python, and of those packages that are installed."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    found.update({name: version for name in packages if (version := version_of(name)) is not None})
    return found


def only_one():
    """Ends this process where another one is at work in this folder; else none begins as long as what is returned is kept."""
    lock = open(HERE / "job.lock", "w")
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass  # Windows: Touchstone's own lock on the run's folder remains.
    except OSError:
        sys.exit("another train.py is at work in this folder: end it, or wait until it has ended")
    return lock


def hashes_of(folder, without=None):
    """SHA-256 of every file by its path, but for files of the name `without`."""
    hashes = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != without):
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(2**20):
                digest.update(block)
        hashes[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return hashes


def number(value):
    """A figure, or None where there is none, as the mean of no rewards."""
    value = float(value) if value is not None else math.nan
    return value if math.isfinite(value) else None


def stop_on_abstentions(step, answers):
    """A step of which too little was judged is not trained on."""
    unjudged = [answer for answer in answers if answer["score"] is None]
    limit = SETTINGS["abstention"]["limit"]
    if len(unjudged) > limit * len(answers):
        raise RuntimeError(
            f"step {step}: the judge gave no verdict on {len(unjudged)} of {len(answers)} answers, more than "
            f"reward.abstention.limit ({limit}) allows. First reason: {unjudged[0]['reason']}"
        )
