"""The AWS article's handler on boto3, in our own words: one thread per sample, plain exponential backoff, 0.5 for what
could not be judged. Measures the same as run-handler.mjs. Argument: the file with the event."""

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def peak_rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


start_rss = peak_rss()
begin = time.process_time()

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402

bedrock = boto3.client(
    "bedrock-runtime",
    endpoint_url=os.environ["SIMULATOR_URL"],
    config=Config(max_pool_connections=128, read_timeout=60),
)
import_cpu = time.process_time() - begin
import_rss = peak_rss()
PLAIN_PROMPT = os.environ["PLAIN_PROMPT"]
MAX_TOKENS = int(os.environ["MAX_TOKENS"])


def judge_answer(sample):
    prompt = PLAIN_PROMPT.replace("{{document}}", sample["metadata"]["document"], 1).replace(
        "{{response}}", sample["messages"][-1]["content"], 1
    )
    for attempt in range(4):
        try:
            reply = bedrock.converse(
                modelId=os.environ["MODEL"],
                messages=[{"role": "user", "content": [{"text": prompt}]}],
                inferenceConfig={"maxTokens": MAX_TOKENS, "temperature": 0},
            )
            text = "".join(part.get("text", "") for part in reply["output"]["message"]["content"])
            verdict = json.loads(text)
            return {
                "id": sample["id"],
                "aggregate_reward_score": (verdict["grounded"] + verdict["actionable"]) / 2,
            }
        except Exception:
            if attempt < 3:
                time.sleep(2**attempt)
    return {"id": sample["id"], "aggregate_reward_score": 0.5}


def lambda_handler(event, _context):
    with ThreadPoolExecutor(max_workers=len(event)) as pool:
        return list(pool.map(judge_answer, event))


with open(sys.argv[1] + ".first", encoding="utf-8") as file:
    lambda_handler(json.load(file), None)
first_cpu = time.process_time() - begin - import_cpu

begin_event = time.process_time()
started = time.monotonic()
with open(sys.argv[1], encoding="utf-8") as file:
    answer = json.dumps(lambda_handler(json.load(file), None))
json.dump(
    {
        "import_cpu_ms": import_cpu * 1000,
        "first_call_cpu_ms": first_cpu * 1000,
        "event_cpu_ms": (time.process_time() - begin_event) * 1000,
        "event_seconds": time.monotonic() - started,
        "rss_mb": {"bare_runtime": start_rss, "after_import": import_rss, "peak": peak_rss()},
        "results": json.loads(answer),
    },
    sys.stdout,
)
