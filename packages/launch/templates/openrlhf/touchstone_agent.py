"""OpenRLHF loads this file where it draws (--train.agent_func_path): its own way to draw an answer, with Touchstone's reward.

Why not --reward.remote_url: what fails there is logged, the answer has no reward, and the training ends for another reason or
not at all; an answer comes as text with the prompt and the marks of the template in it; and answers come one by one. Here an error ends
the job with its own words, and all answers to a prompt are drawn in one process, so that a group is judged together.
"""

import asyncio
import copy
import hashlib
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from openrlhf.utils.agent import SingleTurnAgentExecutor
from touchstone_client import as_rollout, score_rollouts_async
from touchstone_job import ATTEMPT, SETTINGS, lines_of


class AgentExecutor(SingleTurnAgentExecutor):
    """Draws one answer; its reward is there when that of its whole group is."""

    def __init__(self):
        super().__init__()
        self.tasks = {task["id"]: task for task in lines_of("tasks.jsonl")}
        self.groups = {}

    async def execute(self, *, label, sampling_params, hf_tokenizer, **named):
        # Before anything is waited for: OpenRLHF begins the answers in the order in which it learns from them.
        group = self.groups.setdefault(label, Group(json.loads(label), self.tasks))
        index = group.join()
        params = ends_as_here(sampling_params, seed_of(group.row, index))
        output = await super().execute(
            label=label, sampling_params=params, hf_tokenizer=hf_tokenizer, **named
        )
        start, end = output["action_ranges"][0]
        ids = output["observation_tokens"][start:end]
        if not ids:
            raise RuntimeError(f"vLLM has drawn no token in answer to task {group.row['task']}")
        answer = {
            "text": hf_tokenizer.decode(ids, skip_special_tokens=True),
            "tokens": len(ids),
            "finish": "length" if output["truncated"] else "stop",
        }
        reward, record = await group.reward(index, answer)
        self.groups.pop(label, None)
        drawn = {**group.row, **answer, "index": index, "reward": reward}
        drawn.update(score=record["score"], reason=record["reason"])
        # Labels come back with the answers of a step, and nothing else that is text does.
        output.update(label=json.dumps(drawn), reward=reward, scores=reward)
        return output


class Group:
    """The answers to one task of one step, which are judged together when the last of them is drawn."""

    def __init__(self, row, tasks):
        self.row = row
        self.task = tasks[row["task"]]
        self.joined = 0
        self.answers = {}
        self.whole = asyncio.Event()
        self.scoring = None

    def join(self):
        self.joined += 1
        return self.joined - 1

    async def reward(self, index, answer):
        """The number that OpenRLHF learns from, and what the server said."""
        self.answers[index] = answer
        if len(self.answers) == SETTINGS["group_size"]:
            self.scoring = asyncio.ensure_future(self.score())
            self.whole.set()
        await self.whole.wait()
        return (await self.scoring)[index]

    async def score(self):
        fields = {
            "id": self.task["id"],
            "reference_answer": self.task["reference_answer"],
            "metadata": self.task["metadata"],
        }
        name = [SETTINGS["run"], ATTEMPT, self.row["step"], self.row["place"]]
        texts = [self.answers[index]["text"] for index in range(SETTINGS["group_size"])]
        records = await score_rollouts_async(
            [as_rollout(self.task["messages"], text, fields, name) for text in texts]
        )
        for record in records:
            if record["status"] == "failed":
                raise RuntimeError(f"no reward for an answer to task {self.task['id']}: {record['reason']}")
        return list(zip(stand_ins([record["score"] for record in records]), records))


def stand_ins(scores):
    """Rewards of a group; of what was not judged what reward.abstention.policy says. OpenRLHF cannot leave an answer out:
    masked ones get the mean of the others, whose advantage is 0."""
    policy = SETTINGS["abstention"]["policy"]
    known = [score for score in scores if score is not None]
    if policy == "fail" and len(known) < len(scores):
        raise RuntimeError('an answer has no reward, and reward.abstention.policy is "fail"')
    stand_in = sum(known) / len(known) if known else 0.5
    if policy == "neutral":
        stand_in = 0.5
    return [float(stand_in if score is None else score) for score in scores]


def ends_as_here(sampling_params, seed):
    """Answers end where those of Touchstone's own engine end, and a step that is drawn again draws the same."""
    params = copy.deepcopy(sampling_params)
    params.stop_token_ids = list(SETTINGS["end_tokens"])
    params.min_tokens = 0
    params.seed = seed
    return params


def seed_of(row, index):
    name = json.dumps([SETTINGS["seed"], row["step"], row["place"], index])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
