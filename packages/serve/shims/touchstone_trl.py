"""Touchstone's reward for TRL (GRPOTrainer and its kin) and Unsloth.

    1. export TOUCHSTONE_REWARD_URL=http://127.0.0.1:8080 TOUCHSTONE_REWARD_KEY=...   # of `touchstone reward serve`
    2. dataset columns: "prompt", "reference_answer" and what the judge's prompt names ("document", ...)
    3. GRPOTrainer(..., reward_funcs=touchstone_reward)   # with others: reward_funcs=touchstone_with(my_reward)

An answer that could not be judged is None: TRL leaves it out of its group's mean and deviation, and its advantage is 0.
TRL before 1.6 would count None as 0, so there it is the mean of its group.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect

from touchstone_client import as_rollout, as_turns, last_answer, score_rollouts


def touchstone_reward(prompts, completions, trainer_state=None, log_metric=None, log_extra=None, **columns):
    """A reward function of TRL: 0 to 1 for each completion, or None."""
    rewards, groups = _rewards(prompts, completions, trainer_state, log_metric, log_extra, columns)
    return _without_verdict(rewards, groups)


def touchstone_with(*others, weights=None):
    """One reward function: the weighted sum of Touchstone's and `others`, None where any of them gave none.

    Listed beside others in `reward_funcs`, a None would count as 0 in TRL's sum: the answer that could not be judged
    would be punished. weights: Touchstone's first; all 1 by default.
    """
    weights = [1.0] * (len(others) + 1) if weights is None else list(weights)
    if len(weights) != len(others) + 1:
        raise ValueError(f"expected {len(others) + 1} weights, Touchstone's first")

    def touchstone_and_others(
        prompts, completions, trainer_state=None, log_metric=None, log_extra=None, **columns
    ):
        given = {**columns, "trainer_state": trainer_state, "log_metric": log_metric, "log_extra": log_extra}
        rewards, groups = _rewards(prompts, completions, trainer_state, log_metric, log_extra, columns)
        parts = [rewards]
        for other in others:
            part = other(prompts=prompts, completions=completions, **given)
            parts.append(asyncio.run(part) if inspect.iscoroutine(part) else part)
            known = [value for value in parts[-1] if value is not None]
            if log_metric is not None and known:
                log_metric("touchstone/with " + other.__name__, sum(known) / len(known))
        sums = [
            None if None in row else sum(weight * value for weight, value in zip(weights, row))
            for row in zip(*parts)
        ]
        return _without_verdict(sums, groups)

    return touchstone_and_others


def _rewards(prompts, completions, trainer_state, log_metric, log_extra, columns):
    """The score or None of each completion, and the name of its group."""
    step = getattr(trainer_state, "global_step", 0)
    rollouts = []
    for index, (prompt, completion) in enumerate(zip(prompts, completions)):
        fields = {name: values[index] for name, values in columns.items() if name not in _OF_THE_TRAINER}
        group = [step, as_turns(prompt), fields.get("reference_answer"), fields.get("id")]
        rollouts.append(as_rollout(prompt, last_answer(completion), fields, group))
    records = score_rollouts(rollouts)
    if log_metric is not None:
        unjudged = sum(record["score"] is None for record in records)
        log_metric("touchstone/abstained", unjudged / max(1, len(records)))
        for name in sorted({name for record in records for name in record["components"]}):
            parts = [record["components"][name] for record in records if name in record["components"]]
            log_metric("touchstone/" + name, sum(parts) / len(parts))
    if log_extra is not None:
        log_extra("not judged", [record["reason"] for record in records])
    return [record["score"] for record in records], [rollout["group"] for rollout in rollouts]


_OF_THE_TRAINER = ("completion_ids", "environments")


def _without_verdict(rewards, groups):
    """None as it is where TRL leaves it out, and elsewhere the mean of its group, whose advantage is 0."""
    if (_trl_version() or (1, 6)) >= (1, 6):
        return rewards
    known = {}
    for reward, group in zip(rewards, groups):
        if reward is not None:
            known.setdefault(group, []).append(reward)
    means = {group: sum(values) / len(values) for group, values in known.items()}
    return [means.get(group, 0.0) if reward is None else reward for reward, group in zip(rewards, groups)]


def _trl_version():
    try:
        major, minor = importlib.metadata.version("trl").split(".")[:2]
        return int(major), int(minor)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None
