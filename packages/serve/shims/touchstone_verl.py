"""Touchstone's reward for verl.

    1. export TOUCHSTONE_REWARD_URL=http://HOST:8080 TOUCHSTONE_REWARD_KEY=...   # also in Ray's runtime_env.env_vars
    2. data rows: reward_model.ground_truth is the reference, extra_info.messages the prompt (verl does not pass it on)
    3. custom_reward_function.path=touchstone_verl.py   # newer trees: reward.custom_reward_function.path=...

verl takes numbers only. An answer that could not be judged gets TOUCHSTONE_REWARD_FALLBACK (0.5 by default) and
`judge_ok` 0 among the extras; `compute_scores`, for the batch manager, gives it the mean of its group instead.
"""

from __future__ import annotations

import os

from touchstone_client import TouchstoneError, as_rollout, as_turns, score_rollouts, score_rollouts_async

# What verl itself adds to extra_info: it differs between the answers of one group.
_OF_THE_ROLLOUT = ("num_turns", "rollout_reward_scores", "experiment_name")
_PROMPTS = ("messages", "prompt", "question")


async def compute_score(data_source, solution_str, ground_truth, extra_info=None, **_kwargs):
    """verl's compute_score: the score of one answer, with `judge_ok` 1 when it was judged."""
    (record,) = await score_rollouts_async([_rollout(data_source, solution_str, ground_truth, extra_info)])
    return _number(record, _fallback())


def compute_score_sync(data_source, solution_str, ground_truth, extra_info=None, **_kwargs):
    """The same for managers that do not await. Not for judges that compare answers: verl's threads are too few."""
    (record,) = score_rollouts([_rollout(data_source, solution_str, ground_truth, extra_info)])
    return _number(record, _fallback())


def compute_scores(data_sources, solution_strs, ground_truths, extra_infos, **_kwargs):
    """For the batch manager (reward_manager=batch, name=compute_scores): whole groups in one request each."""
    rows = zip(data_sources, solution_strs, ground_truths, extra_infos)
    rollouts = [_rollout(*row) for row in rows]
    records = score_rollouts(rollouts)
    judged = {}
    for rollout, record in zip(rollouts, records):
        if record["score"] is not None:
            judged.setdefault(rollout["group"], []).append(record["score"])
    means = {group: sum(scores) / len(scores) for group, scores in judged.items()}
    return [
        _number(record, means.get(rollout["group"], _fallback()))
        for rollout, record in zip(rollouts, records)
    ]


def _number(record, fallback):
    # The same keys every time: verl takes the list of keys from the first sample.
    score = record["score"]
    return {"score": fallback if score is None else float(score), "judge_ok": 0.0 if score is None else 1.0}


def _fallback():
    return float(os.environ.get("TOUCHSTONE_REWARD_FALLBACK", "0.5"))


def _rollout(data_source, solution_str, ground_truth, extra_info):
    fields = {name: value for name, value in (extra_info or {}).items() if name not in _OF_THE_ROLLOUT}
    name = next((name for name in _PROMPTS if fields.get(name) is not None), None)
    if name is None:
        raise TouchstoneError(
            'verl does not pass the prompt on: copy it into extra_info["messages"] of each data row'
        )
    prompt = fields.pop(name)
    fields.setdefault("reference_answer", ground_truth)
    group = [data_source, fields.get("index"), as_turns(prompt), fields["reference_answer"]]
    return as_rollout(prompt, solution_str, fields, group)
