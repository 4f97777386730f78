"""The handler of the AWS article "Reinforcement fine-tuning with LLM-as-a-judge", in our own words: one thread per
sample of the event, plain exponential backoff (1, 2, 4 ... seconds, no jitter, Retry-After not read), and the neutral
score 0.5 for what could not be judged. It runs on the standard library alone."""

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from job import Results, prompt_of, read_job

NEUTRAL = 0.5

job = read_job()
results = Results(job)


def ask_judge(prompt):
    body = {
        "model": "simulator",
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": job["maxTokens"],
        "temperature": 0,
    }
    request = urllib.request.Request(
        job["url"] + "/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=job["timeoutSeconds"]) as reply:
        text = json.load(reply)["choices"][0]["message"]["content"]
    verdict = json.loads(text)
    if not isinstance(verdict["grounded"], bool) or not isinstance(verdict["actionable"], bool):
        raise ValueError("not a verdict")
    return (verdict["grounded"] + verdict["actionable"]) / 2


def judge_answer(sample):
    score = NEUTRAL
    for attempt in range(job["attempts"]):
        try:
            score = ask_judge(prompt_of(job, sample))
            break
        except Exception:  # Whatever goes wrong is retried, then neutral: a handler must not fail the batch.
            if attempt + 1 < job["attempts"]:
                time.sleep(2**attempt)
    results.done(sample["id"], score)
    return {"id": sample["id"], "aggregate_reward_score": score}


def lambda_handler(event, _context):
    with ThreadPoolExecutor(max_workers=len(event)) as pool:
        return list(pool.map(judge_answer, event))


results.start()
batch = job.get("batch") or len(job["samples"])
for first in range(0, len(job["samples"]), batch):
    lambda_handler(job["samples"][first : first + batch], None)
results.end()
