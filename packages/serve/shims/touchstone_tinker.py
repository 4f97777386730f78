"""Touchstone's reward for tinker-cookbook's RL loop.

    1. export TOUCHSTONE_REWARD_URL=http://127.0.0.1:8080 TOUCHSTONE_REWARD_KEY=...   # of `touchstone reward serve`
    2. in RLDataset.get_batch: TouchstoneGroupBuilder(task, renderer, group_size) for each line of tasks.jsonl
    3. rollout_strategy=RetryOnFailure() in the training's configuration   # or an outage ends the run

An answer that could not be judged gets the mean of its group: its advantage (reward less mean) is then exactly 0. When
none of a group was judged, this raises, and RetryOnFailure skips the group.
"""

from __future__ import annotations

from touchstone_client import TouchstoneError, as_rollout, score_rollouts_async


async def group_rewards(task, responses):
    """[(reward of 0 to 1, metrics)] of the answers of one group, for a `compute_group_rewards` of your own.

    task: {"messages", "reference_answer"?, "id"?, ...}. responses: texts. Raises TouchstoneError when none was judged.
    """
    fields = dict(task)
    prompt = fields.pop("messages")
    group = [prompt, fields.get("reference_answer"), fields.get("id")]
    records = await score_rollouts_async(
        [as_rollout(prompt, response, fields, group) for response in responses]
    )
    scores = [record["score"] for record in records if record["score"] is not None]
    if not scores:
        reason = records[0]["reason"] if records else "there are no answers"
        raise TouchstoneError("none of the group was judged; the first: " + reason)
    mean = sum(scores) / len(scores)
    return [
        (
            float(mean if record["score"] is None else record["score"]),
            {
                "judge_ok": 0.0 if record["score"] is None else 1.0,
                **{"touchstone/" + name: float(part) for name, part in record["components"].items()},
            },
        )
        for record in records
    ]


def __getattr__(name):
    """Makes TouchstoneGroupBuilder when it is asked for, so that this file can be read without tinker-cookbook."""
    if name != "TouchstoneGroupBuilder":
        raise AttributeError(name)
    made = _make_builder()
    made.__qualname__ = name
    return globals().setdefault(name, made)


def _make_builder():
    from tinker_cookbook.renderers import get_text_content
    from tinker_cookbook.rl.preference_envs import PreferenceEnv
    from tinker_cookbook.rl.types import EnvGroupBuilder

    class TouchstoneGroupBuilder(EnvGroupBuilder):
        """`group_size` answers to one task, judged together."""

        def __init__(self, task, renderer, group_size):
            self.task, self.renderer, self.group_size = task, renderer, group_size

        async def make_envs(self):
            # One turn, whose reward comes from the group.
            return [PreferenceEnv(self.task["messages"], self.renderer) for _ in range(self.group_size)]

        async def compute_group_rewards(self, trajectory_group, env_group):
            responses = []
            for trajectory in trajectory_group:
                message, _ = self.renderer.parse_response(trajectory.transitions[-1].ac.tokens)
                responses.append(get_text_content(message))
            return await group_rewards(self.task, responses)

        def logging_tags(self):
            return ["touchstone"]

    return TouchstoneGroupBuilder
