"""Touchstone's reward for verifiers and prime-rl.

    1. export TOUCHSTONE_REWARD_URL=http://127.0.0.1:8080 TOUCHSTONE_REWARD_KEY=...   # of `touchstone reward serve`
    2. put this file where Python finds it (beside the environment's package, or on PYTHONPATH)
    3. judges = [{ id = "touchstone_verifiers" }] in the task's configuration; with 0.1: rubric=TouchstoneRubric()

An answer that could not be judged is an error of its rollout (v1: raised; 0.1: state["error"]), which prime-rl leaves
out of its group. A plain reward function could not say so: the 0.1 Rubric turns what it raises into the score 0.
"""

from __future__ import annotations

from touchstone_client import TouchstoneError, as_rollout, as_turns, last_answer, score_rollouts_async

# verifiers v1 looks for exactly one judge here.
__all__ = ["TouchstoneJudge"]  # noqa: F822

# Fields of a v1 task that are about where it runs, or that differ by run.
_OF_THE_RUNTIME = {
    "idx", "prompt", "system_prompt", "image", "workdir", "agent_user", "skills", "network_allow",
    "network_block", "artifacts", "artifact_max_bytes", "timeout", "resources",
}  # fmt: skip


def __getattr__(name):
    """Makes the class that is asked for: each version of verifiers has only one of their bases."""
    if name not in ("TouchstoneJudge", "TouchstoneRubric"):
        raise AttributeError(name)
    made = _make_judge() if name == "TouchstoneJudge" else _make_rubric()
    made.__qualname__ = name
    return globals().setdefault(name, made)


def _make_judge():
    from verifiers.v1 import Judge

    class TouchstoneJudge(Judge):
        """A judge plug-in of verifiers v1 (`taskset.task.judges`)."""

        async def score(self, task, trace):
            fields = {key: value for key, value in dict(task).items() if key not in _OF_THE_RUNTIME}
            prompt = as_turns(task.prompt or "")
            if task.system_prompt:
                prompt = [{"role": "system", "content": task.system_prompt}] + prompt
            record = (await _score([(prompt, trace.last_reply, _with_reference(fields), [task.idx])]))[0]
            if record["score"] is None:
                raise TouchstoneError("not judged: " + record["reason"])
            trace.record_metrics({"touchstone/" + name: part for name, part in record["components"].items()})
            return record["score"]

    return TouchstoneJudge


def _make_rubric():
    import verifiers

    class TouchstoneRubric(verifiers.Rubric):
        """A rubric of verifiers 0.1. Beside other rubrics: RubricGroup([TouchstoneRubric(), other])."""

        async def score_rollout(self, state):
            await self.score_group([state])

        async def score_group(self, states):
            # A rollout that has failed already is left out as it is.
            whole = [state for state in states if state.get("error") is None]
            records = iter(await _score([_answer_of(state) for state in whole]))
            for state in states:
                record = next(records) if state.get("error") is None else None
                judged = record is not None and record["score"] is not None
                state["reward"] = record["score"] if judged else 0.0
                state["metrics"] = {"touchstone": state["reward"], "judge_ok": float(judged)}
                for step in state.get("trajectory") or []:
                    if step.get("reward") is None:
                        step["reward"] = state["reward"]
                if record is not None and not judged:
                    # InfraError is what verifiers retries, as often as the trainer allows.
                    state["error"] = verifiers.InfraError("not judged: " + record["reason"])

    return TouchstoneRubric


def _answer_of(state):
    info = state.get("info") or {}
    fields = {**(info if isinstance(info, dict) else {}), "answer": state.get("answer")}
    prompt, response = as_turns(state["prompt"]), last_answer(state["completion"])
    return prompt, response, _with_reference(fields), [state.get("example_id")]


async def _score(answers):
    return await score_rollouts_async(
        [
            as_rollout(prompt, response, fields, [group, prompt, fields.get("reference_answer")])
            for prompt, response, fields, group in answers
        ]
    )


def _with_reference(fields):
    """verifiers calls the reference `answer`."""
    answer = fields.pop("answer", None)
    return {**fields, "reference_answer": answer} if answer and "reference_answer" not in fields else fields
