"""The client that every shim carries: Touchstone's POST /v1/rewards, with Python's standard library only."""

from __future__ import annotations

import asyncio
import concurrent.futures
import email.utils
import hashlib
import http.client
import json
import logging
import os
import random
import time
import urllib.error
import urllib.request

_LOG = logging.getLogger("touchstone")
_RETRIED = (429, 502, 503, 504)
_MOST_CONNECTIONS = 64
# Of its own: drawing from the shared generator would change what a seeded training draws.
_JITTER = random.Random()
_STATE = {"scored": False}


class TouchstoneError(RuntimeError):
    """The reward server refused the request or was out of reach for too long. Never the fault of an answer."""


def score_rollouts(rollouts):
    """Rewards of `rollouts` (made by `as_rollout`), in their order.

    One request a group, all at once, so that judges which compare answers see the group, and a retry repeats no more.

    Returns a record each: {"score": 0-1 or None when it could not be judged, "reason": text, "components": {name: 0-1}}.
    Raises TouchstoneError after an outage longer than TOUCHSTONE_REWARD_TIMEOUT, or when the set-up is wrong.
    """
    groups = {}
    for index, rollout in enumerate(rollouts):
        groups.setdefault(rollout["group"], []).append(index)
    records = [None] * len(rollouts)
    with concurrent.futures.ThreadPoolExecutor(min(_MOST_CONNECTIONS, len(groups)) or 1) as pool:
        answers = pool.map(lambda indices: _request([rollouts[i] for i in indices]), groups.values())
        for indices, answer in zip(groups.values(), answers):
            for index, record in zip(indices, answer):
                records[index] = record
    _notice(records)
    return records


async def score_rollouts_async(rollouts):
    """As `score_rollouts`, beside the event loop."""
    # A thread of its own: calls that wait for the rest of their group would fill the loop's small pool and never end.
    pool = concurrent.futures.ThreadPoolExecutor(1)
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, score_rollouts, rollouts)
    finally:
        pool.shutdown(wait=False)


def as_rollout(prompt, response, fields, group):
    """One answer as the server takes it.

    prompt: text, or turns of {"role", "content"}. fields: what else is known of the task: "reference_answer", "id";
    all others reach the judge as {{metadata.NAME}}. group: JSON that is equal for answers of one group only.
    """
    task = {}
    for name, value in fields.items():
        try:
            value = _plain(value)
        except (TypeError, ValueError):
            continue  # An image or an object of the trainer: no judge can read it.
        if value is not None and value != "":
            task[name] = str(value) if name == "id" else value
    task["messages"] = as_turns(prompt)
    return {"task": task, "response": as_text(response), "group": digest(group)}


def as_turns(prompt):
    """[{"role", "content"}] of a text, of such turns with other keys, or of objects with these attributes."""
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    turns = [turn if isinstance(turn, dict) else vars(turn) for turn in prompt]
    return [{"role": turn["role"], "content": as_text(turn.get("content"))} for turn in turns]


def as_text(content):
    """The text of a turn's content: text, or a list of text parts. Raises TouchstoneError for an image or the like."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = [part if isinstance(part, dict) else vars(part) for part in content]
    if any("text" not in part for part in parts):
        raise TouchstoneError("only text can be judged, and this task has parts that are none")
    return "\n".join(part["text"] for part in parts)


def last_answer(completion):
    """The answer in a completion: its text, or the last turn of the model."""
    if isinstance(completion, str):
        return completion
    spoken = [turn["content"] for turn in as_turns(completion) if turn["role"] == "assistant"]
    return spoken[-1] if spoken else ""


def digest(value):
    """The same short text for the same value, in every process."""
    text = json.dumps(_plain(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _plain(value):
    """`value` as JSON, also when it comes from NumPy, PyArrow or Pydantic. Raises TypeError or ValueError."""
    return json.loads(json.dumps(value, allow_nan=False, default=_unwrap))


def _unwrap(value):
    for method in ("tolist", "model_dump", "isoformat"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(type(value).__name__)


def _request(rollouts):
    """Asks until there is an answer or the time is up; the server never judges the same answer twice."""
    url = os.environ.get("TOUCHSTONE_REWARD_URL", "").strip().rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise TouchstoneError(
            "set TOUCHSTONE_REWARD_URL to the address that `touchstone reward serve` prints, in every process of the trainer"
        )
    headers = {"Content-Type": "application/json"}
    key = os.environ.get("TOUCHSTONE_REWARD_KEY", "").strip()
    if key:
        headers["Authorization"] = "Bearer " + key
    timeout = float(os.environ.get("TOUCHSTONE_REWARD_TIMEOUT", "600"))
    body = {"rollouts": [dict(one, id=str(i)) for i, one in enumerate(rollouts)]}
    run = os.environ.get("TOUCHSTONE_REWARD_RUN", "").strip()
    if run:
        body["run"] = run
    ends = time.monotonic() + timeout
    attempt = 0
    while True:
        # Half of the time at most for one try, so that a connection that hangs is tried again; the server is told to
        # answer before with what it has.
        patience = max(0.1, min(ends - time.monotonic(), timeout / 2))
        body["deadline_ms"] = int(900 * patience)
        data = json.dumps(body).encode()
        request = urllib.request.Request(url + "/v1/rewards", data=data, headers=headers, method="POST")
        try:
            with _opener().open(request, timeout=patience) as reply:
                return _read(json.loads(reply.read()), len(rollouts))
        except urllib.error.HTTPError as error:
            with error:
                why = f"HTTP {error.code}: {_message_of(error)}"
                pause = _retry_after(error.headers.get("Retry-After"))
            if error.code not in _RETRIED:
                hint = "; is TOUCHSTONE_REWARD_KEY the server's key?" if error.code in (401, 403) else ""
                raise TouchstoneError("the reward server refused: " + why + hint) from None
        except (OSError, http.client.HTTPException) as error:
            why = f"{type(error).__name__}: {error}"
            pause = 0.0
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise TouchstoneError(
                f"what answers at TOUCHSTONE_REWARD_URL is no reward server: {error}"
            ) from None
        pause += _JITTER.uniform(0, min(30.0, 0.5 * 2 ** min(attempt, 10)))
        if time.monotonic() + pause > ends:
            raise TouchstoneError(f"no reward within {timeout:g} s (TOUCHSTONE_REWARD_TIMEOUT); last: {why}")
        if attempt == 0:
            _LOG.warning("touchstone: trying again, %s", why)
        attempt += 1
        time.sleep(pause)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another server."""

    def redirect_request(self, *_args):
        return None


def _opener():
    if "opener" not in _STATE:
        _STATE["opener"] = urllib.request.build_opener(_NoRedirect)
    return _STATE["opener"]


def _message_of(error):
    try:
        return str(json.loads(error.read(100_000))["error"]["message"])[:500]
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):  # Of something in between.
        return str(error.reason)


def _retry_after(value):
    """Seconds of a Retry-After header: a number, or a date."""
    if value is None:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _read(reply, count):
    """The records of a reply, in the order of the request. Raises ValueError for anything that is not one."""
    rewards = reply.get("rewards") if isinstance(reply, dict) else None
    by_id = {record["id"]: record for record in rewards} if isinstance(rewards, list) else {}
    records = []
    for index in range(count):
        record = by_id.get(str(index), {})
        status, score = record.get("status"), record.get("score")
        if status == "scored" and type(score) in (int, float) and 0 <= score <= 1:
            reason = ""
        elif status in ("abstained", "failed") and score is None:
            reason = ": ".join(str(record[name]) for name in ("reason", "detail") if record.get(name))
        else:
            raise ValueError("expected a reward for each rollout, of 0 to 1 or an abstention")
        parts = {
            part["name"]: part["score"]
            for part in record.get("components", [])
            if part.get("kind") != "criterion" and part.get("score") is not None
        }
        records.append({"score": score, "status": status, "reason": reason, "components": parts})
    return records


def _notice(records):
    """Says how many were not judged. Before anything was ever scored, a task that lacks something is a wrong set-up."""
    unjudged = [record for record in records if record["score"] is None]
    _STATE["scored"] = _STATE["scored"] or len(unjudged) < len(records)
    if not unjudged:
        return
    for record in unjudged:
        if record["status"] == "failed" and not _STATE["scored"]:
            raise TouchstoneError("no reward can be given for these tasks: " + record["reason"])
    _LOG.warning(
        "touchstone: %d of %d not judged; the first: %s", len(unjudged), len(records), unjudged[0]["reason"]
    )
