"""Touchstone's reward for SkyRL: a single-turn environment.

    1. export TOUCHSTONE_REWARD_URL=http://HOST:8080 TOUCHSTONE_REWARD_KEY=...   # also in Ray's runtime_env.env_vars
    2. data rows: env_class "touchstone", reward_spec.ground_truth is the reference, other columns reach the judge
    3. from touchstone_skyrl import register; register()   # in the entry point, before the trainer is made

SkyRL takes numbers only. An answer that could not be judged gets TOUCHSTONE_REWARD_FALLBACK (0.5 by default), and
`judge_ok` 0 in the environment's metrics.
"""

from __future__ import annotations

import os

from touchstone_client import as_rollout, as_turns, score_rollouts

_OF_THE_TRAINER = ("reward_spec", "env_class", "max_turns", "data_source", "extra_info")


def register(id="touchstone"):
    """Makes the environment known to SkyRL under `id`."""
    from skyrl_gym.envs import register as register_env

    register_env(id=id, entry_point=__name__ + ":TouchstoneEnv")


def __getattr__(name):
    """Makes TouchstoneEnv when it is asked for, so that this file can be read where SkyRL is not installed."""
    if name != "TouchstoneEnv":
        raise AttributeError(name)
    made = _make_env()
    made.__qualname__ = name
    return globals().setdefault(name, made)


def _make_env():
    from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

    class TouchstoneEnv(BaseTextEnv):
        """One prompt, one answer, one reward of 0 to 1."""

        def __init__(self, env_config=None, extras=None):
            super().__init__()
            extras = dict(extras or {})
            spec, more = extras.get("reward_spec") or {}, extras.get("extra_info") or {}
            self.fields = {
                **more,
                **{key: value for key, value in extras.items() if key not in _OF_THE_TRAINER},
            }
            self.fields.setdefault("reference_answer", spec.get("ground_truth"))
            self.prompt = []
            self.judged = None

        def init(self, prompt):
            self.prompt = as_turns(prompt)
            return prompt, {}

        def step(self, action):
            group = [self.prompt, self.fields.get("reference_answer"), self.fields.get("index")]
            (record,) = score_rollouts([as_rollout(self.prompt, action, self.fields, group)])
            self.judged = record["score"] is not None
            reward = (
                record["score"] if self.judged else float(os.environ.get("TOUCHSTONE_REWARD_FALLBACK", "0.5"))
            )
            return BaseTextEnvStepOutput(
                observations=[],
                reward=float(reward),
                done=True,
                metadata={"judge_ok": float(self.judged), "not_judged": record["reason"]},
            )

        def get_metrics(self):
            return {} if self.judged is None else {"judge_ok": float(self.judged)}

    return TouchstoneEnv
