"""What a Python client is asked to do, and how it writes down its results. The same as job.mjs."""

import json
import resource
import sys
import threading
import time


def read_job():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    with open(job["samples"], encoding="utf-8") as file:
        job["samples"] = [json.loads(line) for line in file if line.strip()]
    return job


class Results:
    """Appends one JSON line per event; safe to use from several threads."""

    def __init__(self, job):
        self._file = open(job["results"], "a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._cpu = time.process_time()

    def _write(self, line):
        with self._lock:
            self._file.write(json.dumps({**line, "at": int(time.time() * 1000)}) + "\n")

    def start(self):
        self._cpu = time.process_time()
        self._write({"event": "start"})

    def done(self, sample_id, score, why=None):
        self._write({"id": sample_id, "score": score, **({} if why is None else {"why": why})})

    def end(self):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak_mb = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
        self._write({"event": "end", "cpu_ms": (time.process_time() - self._cpu) * 1000, "peak_rss_mb": peak_mb})


def prompt_of(job, sample):
    return job["plainPrompt"].replace("{{document}}", sample["document"], 1).replace(
        "{{response}}", sample["response"], 1
    )
