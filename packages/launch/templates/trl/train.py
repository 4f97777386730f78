"""Trains the policy of a Touchstone run with TRL's GRPOTrainer. `touchstone run` writes this file and starts it.

    python train.py --check    # what this Python has, and whether it reads policy and data as Touchstone does
    python train.py            # trains, or goes on from the newest checkpoint in output/

By hand, the reward comes from `touchstone reward serve`: set TOUCHSTONE_REWARD_URL and TOUCHSTONE_REWARD_KEY to its address
and key. With several GPUs it starts itself again in as many processes as share the prompts of a step evenly.

Beside this file: settings.json (SETTINGS.md says where each comes from), tasks.jsonl, and order.jsonl with the tasks of each step.
"""

import dataclasses
import hashlib
import importlib.util
import json
import math
import os
import platform
import shutil
import sys
import time

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from touchstone_job import (
    HERE,
    SETTINGS,
    hashes_of,
    lines_of,
    number,
    only_one,
    stop_on_abstentions,
    versions_of,
    write_journal,
)
from touchstone_trl import TouchstoneError, as_rollout, score_rollouts
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

OUTPUT = HERE / "output"
SEAL = "touchstone-checkpoint.json"
RUN, UPDATES, GROUP = SETTINGS["run"], SETTINGS["updates_per_step"], SETTINGS["group_size"]


PACKAGES = ("trl", "torch", "transformers", "datasets", "accelerate", "vllm")


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
        if state.is_world_process_zero:
            seal(OUTPUT / f"checkpoint-{state.global_step}", state.global_step)


def seal(folder, update):
    """Says what is in a checkpoint, last of all: one that a killed process has left half-written has no such file."""
    text = json.dumps({"run": RUN, "update": update, "files": hashes_of(folder, without=SEAL)})
    partial = folder / (SEAL + ".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, folder / SEAL)


def newest_checkpoint():
    """The newest checkpoint that holds, with its number of updates; those that do not hold are removed."""
    numbers = [int(path.name.split("-")[1]) for path in OUTPUT.glob("checkpoint-*")]
    for update in sorted(numbers, reverse=True):
        folder = OUTPUT / f"checkpoint-{update}"
        try:
            said = json.loads((folder / SEAL).read_text("utf-8"))
            if said == {"run": RUN, "update": update, "files": hashes_of(folder, without=SEAL)}:
                return folder, update
        except (OSError, ValueError):
            pass
        print(f"{folder.name} is not what was written and is not used", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    return None, 0


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


def config_of(gpus):
    """The arguments of settings.json, and those that follow from the machine."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    rows = SETTINGS["prompts_per_step"] * GROUP
    if rows % (SETTINGS["micro_batch"] * processes) != 0:
        raise ValueError(
            f"{rows} answers a step cannot be shared by {processes} processes with {SETTINGS['micro_batch']} at once: "
            "choose another training.trl.micro_batch"
        )
    if SETTINGS["prompts_per_step"] % processes != 0:
        raise ValueError(f"{processes} processes would split groups: prompts_per_step must be a multiple")
    machine = {
        "per_device_train_batch_size": SETTINGS["micro_batch"],
        "gradient_accumulation_steps": rows // (SETTINGS["micro_batch"] * processes),
        "use_cpu": gpus == 0,
        "bf16": gpus > 0,
        "gradient_checkpointing": gpus > 0,
        "dataloader_pin_memory": gpus > 0,
    }
    if gpus > 0 and importlib.util.find_spec("vllm"):
        machine.update(use_vllm=True, vllm_mode="colocate")
    return GRPOConfig(output_dir=str(OUTPUT), **SETTINGS["grpo"], **machine)


def unlike(tokenizer, tasks):
    """The first task whose prompt is not the tokens here that it is in Touchstone, in words; None: there is none."""
    for task in tasks:
        ids = tokenizer.apply_chat_template(
            task["messages"], add_generation_prompt=True, tokenize=True, return_dict=True
        )["input_ids"]
        digest = hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()
        if digest != task["prompt_sha256"]:
            return (
                f"task {task['id']}: its prompt is {len(ids)} tokens here and {task['prompt_tokens']} in Touchstone, or others: "
                "the chat template is rendered in another way, or the task holds marks of the template. "
                "The policy would be trained on prompts other than those that it is evaluated on"
            )
    return None


def problems():
    """What this script cannot run with, in words."""
    found = []
    known = {field.name for field in dataclasses.fields(GRPOConfig)}
    unknown = sorted(set(SETTINGS["grpo"]) - known)
    if unknown:
        found.append(
            f"this TRL does not know {', '.join(unknown)}; install trl==1.16.0, which it was written for"
        )
    if "max_prompt_length" in known:
        found.append("this TRL cuts long prompts and says nothing; install trl==1.16.0")
    # Before, an answer without a verdict counted as 0.
    if tuple(map(int, versions_of(PACKAGES)["trl"].split(".")[:2])) < (1, 6):
        found.append("this TRL counts None as a reward of 0; install trl==1.16.0")
    return found


def check():
    found = problems()
    tasks = lines_of("tasks.jsonl")
    try:
        if not os.path.isdir(SETTINGS["policy"]):
            raise FileNotFoundError(
                f"the policy's folder {SETTINGS['policy']} is not there on {platform.node()}"
            )
        difference = unlike(AutoTokenizer.from_pretrained(SETTINGS["policy"]), tasks)
        found += [difference] if difference else []
        order = lines_of("order.jsonl")
        Dataset.from_list([{"prompt": task["messages"], "id": task["id"]} for task in tasks])
        if len(order) != SETTINGS["steps"] or {id for ids in order for id in ids} - {
            task["id"] for task in tasks
        }:
            found.append("order.jsonl does not belong to tasks.jsonl")
        model = AutoModelForCausalLM.from_pretrained(SETTINGS["policy"], dtype=torch.float32)
        weights = sum(weight.numel() for weight in model.parameters())
    except Exception as error:  # Whatever it is, it is what the check is for.
        found.append(f"{type(error).__name__}: {error}")
        weights = None
    rewards, unreached = [], None
    if os.environ.get("TOUCHSTONE_REWARD_URL"):
        # A blank answer scores without a call of the judge: what is tried is the way there and back.
        some = tasks[:10]
        asked = [as_rollout(task["messages"], "", {"id": task["id"]}, i) for i, task in enumerate(some)]
        try:
            rewards = [{"status": one["status"], "reason": one["reason"]} for one in score_rollouts(asked)]
        except TouchstoneError as error:
            unreached = str(error)
    gpus = torch.cuda.device_count()
    notes = [] if weights is None else [f"read; {weights:,} weights"]
    said = {"versions": versions_of(PACKAGES), "gpus": gpus, "problems": found, "notes": notes}
    print(json.dumps({**said, "rewards": rewards, "unreached": unreached}))


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
    last = SETTINGS["steps"] * UPDATES
    journal(started={"versions": versions_of(PACKAGES), "gpus": gpus, "from": done // UPDATES})
    if done < last:
        # Each step takes the next line of order.jsonl: the data set is as long as the run, and is gone through once.
        place = {task["id"]: i for i, task in enumerate(tasks)}
        rows = Dataset.from_list([{"prompt": task["messages"], "id": task["id"]} for task in tasks])
        data = rows.select([place[id] for ids in lines_of("order.jsonl") for id in ids])
        model = AutoModelForCausalLM.from_pretrained(SETTINGS["policy"], dtype=torch.float32)
        model.generation_config.eos_token_id = SETTINGS["end_tokens"]
        rewards = Rewards(tokenizer, {task["id"]: task for task in tasks})
        trainer = Trainer(
            model=model,
            reward_funcs=rewards,
            args=config_of(gpus),
            train_dataset=data,
            processing_class=tokenizer,
            callbacks=[Watch(rewards, journal)],
        )
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        checkpoint, done = newest_checkpoint()
    if done != last:
        raise RuntimeError(f"expected a checkpoint of update {last}, found {done}")
    said = json.loads((checkpoint / SEAL).read_text("utf-8"))
    journal(
        done={
            "checkpoint": f"output/{checkpoint.name}",
            "files": said["files"],
            "versions": versions_of(PACKAGES),
        }
    )


def share_between(gpus):
    """Goes on as one process a GPU, with the number of this one as the number of them all; no group is split."""
    processes = max(n for n in range(1, max(1, gpus) + 1) if SETTINGS["prompts_per_step"] % n == 0)
    if processes == 1 or "RANK" in os.environ:
        return
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(processes)]
    command += ["--multi_gpu", "--mixed_precision", "bf16", "--num_machines", "1", "--dynamo_backend", "no"]
    os.execv(sys.executable, [*command, "--main_process_port", "0", str(HERE / "train.py")])


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    if sys.argv[1:]:
        sys.exit(__doc__)
    share_between(torch.cuda.device_count())
    if int(os.environ.get("RANK", "0")) != 0:
        return train(silent)
    lock = only_one()  # noqa: F841
    try:
        train(write_journal)
    except BaseException as error:
        write_journal(failed=f"{type(error).__name__}: {error}")
        raise


def silent(**record):
    """The journal of processes beside the first."""


if __name__ == "__main__":
    main()
