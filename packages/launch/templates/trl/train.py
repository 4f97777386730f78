"""Trains the policy of a Touchstone run with TRL's GRPOTrainer. `touchstone run` writes this file and starts it.

    python train.py --check    # what this Python has, and whether it reads policy and data as Touchstone does
    python train.py            # trains, or goes on from the newest checkpoint in output/

By hand, the reward comes from `touchstone reward serve`: set TOUCHSTONE_REWARD_URL and TOUCHSTONE_REWARD_KEY to its address
and key. With several GPUs it starts itself again in as many processes as share the prompts of a step evenly.

Beside this file: settings.json (SETTINGS.md says where each comes from), tasks.jsonl, order.jsonl with the tasks of each step, and
the rest of this script: what it would fail at (touchstone_check.py), what follows from the machine (touchstone_machine.py), and what
comes out (touchstone_output.py).
"""

import hashlib
import math
import os
import sys
import time

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset
from touchstone_check import check, problems, unlike, versions
from touchstone_job import SETTINGS, hashes_of, lines_of, number, only_one, stop_on_abstentions, write_journal
from touchstone_machine import HOW, arguments_for, share_between, stage_in_use
from touchstone_output import (
    OUTPUT,
    SEAL,
    adapter,
    merge,
    newest_checkpoint,
    policy_in_float32,
    seal,
    seal_of,
    stage_of_checkpoints,
    tokens_of,
)
from touchstone_trl import as_rollout, score_rollouts
from transformers import AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

RUN, UPDATES, GROUP = SETTINGS["run"], SETTINGS["updates_per_step"], SETTINGS["group_size"]


class Rewards:
    """The reward function: asks the reward server about the answers of a step, and keeps what it said for the journal."""

    __name__ = "touchstone"

    def __init__(self, tokenizer, tasks):
        self.tokenizer = tokenizer
        self.tasks = tasks
        self.end_tokens = set(SETTINGS["end_tokens"])
        self.groups = []

    def __call__(self, prompts, completion_ids, id, trainer_state, **_):
        step = trainer_state.global_step // UPDATES + 1
        process = int(os.environ.get("RANK", "0"))
        rollouts, answers = [], []
        for place, (prompt, ids, name) in enumerate(zip(prompts, completion_ids, id)):
            # Not the completion, of which a parser of the tokenizer may have taken a part away.
            text = self.tokenizer.decode(ids, skip_special_tokens=True)
            ended = len(ids) > 0 and int(ids[-1]) in self.end_tokens
            answers.append(
                {"task": name, "text": text, "tokens": len(ids), "finish": "stop" if ended else "length"}
            )
            task = self.tasks[name]
            fields = {"id": name, "reference_answer": task["reference_answer"], "metadata": task["metadata"]}
            group = [RUN, step, (process * len(prompts) + place) // GROUP]
            rollouts.append(as_rollout(prompt, text, fields, group))
        for answer, record in zip(answers, score_rollouts(rollouts)):
            if record["status"] == "failed":
                raise RuntimeError(f"no reward for an answer to task {answer['task']}: {record['reason']}")
            answer.update(score=record["score"], reason=record["reason"])
        whole_step = gather_object(answers)
        self.groups = [whole_step[i : i + GROUP] for i in range(0, len(whole_step), GROUP)]
        stop_on_abstentions(step, whole_step)
        return [reward for i in range(0, len(answers), GROUP) for reward in stand_ins(answers[i : i + GROUP])]


def stand_ins(answers):
    """The rewards of a group; of what was not judged what reward.abstention.policy says. TRL leaves None out of the group."""
    policy = SETTINGS["abstention"]["policy"]
    known = [answer["score"] for answer in answers if answer["score"] is not None]
    if policy == "fail" and len(known) < len(answers):
        raise RuntimeError('an answer has no reward, and reward.abstention.policy is "fail"')
    mean = sum(known) / len(known) if known else None
    stand_in = {"mask": None, "fail": None, "group-mean": mean, "neutral": 0.5}[policy]
    return [stand_in if answer["score"] is None else answer["score"] for answer in answers]


class Watch(TrainerCallback):
    """Draws of a step depend on the seed and the step alone, as after a restart; steps go into the journal; checkpoints are sealed."""

    def __init__(self, rewards, journal):
        self.rewards = rewards
        self.journal = journal
        self.logged = {}
        self.begun = 0.0

    def on_step_begin(self, args, state, control, **_):
        process = os.environ.get("RANK", "0")
        name = f"{SETTINGS['seed']}/{state.global_step}/{process}"
        torch.manual_seed(int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big"))
        if state.global_step % UPDATES == 0:
            self.begun = time.monotonic()
            self.logged = {}

    def on_log(self, args, state, control, logs=None, **_):
        if not logs or "grad_norm" not in logs or not state.is_world_process_zero:
            return
        step = (state.global_step - 1) // UPDATES + 1
        for name in ("loss", "grad_norm"):
            if not math.isfinite(float(logs[name])):
                raise RuntimeError(
                    f"step {step}: {name} is {logs[name]}, and the weights would be lost by it. Begin anew with a "
                    "lower learning rate"
                )
        self.logged.update(logs)
        if state.global_step % UPDATES == 0:
            self.journal(
                step=step,
                seconds=time.monotonic() - self.begun,
                metrics={name: number(value) for name, value in self.logged.items()},
                groups=self.rewards.groups,
            )

    def on_save(self, args, state, control, **_):
        # Each process has written a part, and none may look for a seal before it is there.
        everyone = PartialState()
        everyone.wait_for_everyone()
        if state.is_world_process_zero:
            seal(state.global_step, stage_in_use())
        everyone.wait_for_everyone()


class Trainer(GRPOTrainer):
    """TRL's, with the learning rate and the weight decay of Touchstone's own trainer."""

    def get_decay_parameter_names(self, model):
        return [name for name, weight in model.named_parameters() if weight.dim() > 1 and "embed" not in name]

    def create_scheduler(self, num_training_steps, optimizer=None):
        warmup = SETTINGS["warmup_steps"]
        if self.lr_scheduler is None:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                self.optimizer if optimizer is None else optimizer,
                lambda update: min(1.0, (update // UPDATES + 1) / warmup) if warmup else 1.0,
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler


def train(journal):
    found = problems()
    if found:
        raise RuntimeError("; ".join(found))
    gpus = torch.cuda.device_count()
    tokenizer = AutoTokenizer.from_pretrained(SETTINGS["policy"], padding_side="left")
    tasks = lines_of("tasks.jsonl")
    difference = unlike(tokenizer, tasks)
    if difference:
        raise RuntimeError(difference)
    checkpoint, done = newest_checkpoint()
    if checkpoint is not None and (stage := seal_of(checkpoint)["zero"]) != stage_in_use():
        raise RuntimeError(
            f"{checkpoint.name} was written with {HOW[stage]}, and this is {HOW[stage_in_use()]}: go on with as many GPUs as before, "
            f"or delete {OUTPUT} to train again"
        )
    last = SETTINGS["steps"] * UPDATES
    journal(started={"versions": versions(), "gpus": gpus, "from": done // UPDATES})
    if done < last:
        learn(tokenizer, tasks, checkpoint, gpus, journal)
        checkpoint, done = newest_checkpoint()
    if done != last:
        raise RuntimeError(f"expected a checkpoint of update {last}, found {done}")
    if int(os.environ.get("RANK", "0")) != 0:
        return
    # An adapter is merged anew by whoever comes after one that was killed here.
    folder = merge(checkpoint, tokens_of(tokenizer, tasks[0])) if SETTINGS["lora"] else checkpoint
    files = hashes_of(folder, without=SEAL)
    journal(done={"checkpoint": f"output/{folder.name}", "files": files, "versions": versions()})


def learn(tokenizer, tasks, checkpoint, gpus, journal):
    """Trains to the last step, from a checkpoint where there is one."""
    # Each step takes the next line of order.jsonl: the data set is as long as the run, and is gone through once.
    place = {task["id"]: i for i, task in enumerate(tasks)}
    rows = Dataset.from_list([{"prompt": task["messages"], "id": task["id"]} for task in tasks])
    data = rows.select([place[id] for ids in lines_of("order.jsonl") for id in ids])
    # Before the model: with ZeRO 3 no process holds all of it.
    config = GRPOConfig(output_dir=str(OUTPUT), **SETTINGS["grpo"], **arguments_for(gpus))
    model = policy_in_float32()
    model.generation_config.eos_token_id = SETTINGS["end_tokens"]
    rewards = Rewards(tokenizer, {task["id"]: task for task in tasks})
    trainer = Trainer(
        model=model,
        reward_funcs=rewards,
        args=config,
        train_dataset=data,
        processing_class=tokenizer,
        callbacks=[Watch(rewards, journal)],
        peft_config=adapter(),
    )
    if trainer.is_deepspeed_enabled != (stage_in_use() > 0):
        raise RuntimeError(
            "DeepSpeed was to divide the optimizer's states, and is not at work: see touchstone_machine.py"
        )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    if sys.argv[1:]:
        sys.exit(__doc__)
    if int(os.environ.get("RANK", "0")) != 0:
        return train(silent)
    lock = only_one()  # noqa: F841
    try:
        share_between(torch.cuda.device_count(), stage_of_checkpoints())
        train(write_journal)
    except BaseException as error:
        write_journal(failed=f"{type(error).__name__}: {error}")
        raise


def silent(**record):
    """The journal of processes beside the first."""


if __name__ == "__main__":
    main()
