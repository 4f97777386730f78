"""What a training would fail at, or do wrong and say nothing: `train.py --check`, and the start of every training."""

import dataclasses
import hashlib
import json
import os
import platform
import sys

import torch
from datasets import Dataset
from touchstone_job import SETTINGS, lines_of, versions_of
from touchstone_machine import HOW, lacking_for, processes_for, stage_for, stage_in_use
from touchstone_output import adapter, policy_in_float32, tokens_of
from touchstone_trl import TouchstoneError, as_rollout, score_rollouts
from transformers import AutoTokenizer
from trl import GRPOConfig

PACKAGES = ["trl", "torch", "transformers", "datasets", "accelerate", "vllm"]
PACKAGES += ["peft"] if SETTINGS["lora"] else []
PACKAGES += ["deepspeed"] if stage_in_use() > 0 else []
PEFT = "peft==0.21.2"


def versions():
    """Of Python and of the packages that this training uses."""
    return versions_of(PACKAGES)


def unlike(tokenizer, tasks):
    """The first task whose prompt is not the tokens here that it is in Touchstone, in words; None: there is none."""
    for task in tasks:
        ids = tokens_of(tokenizer, task)
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
    if tuple(map(int, versions()["trl"].split(".")[:2])) < (1, 6):
        found.append("this TRL counts None as a reward of 0; install trl==1.16.0")
    if SETTINGS["lora"] and "peft" not in versions():
        found.append(f"training.trl.lora needs peft: {sys.executable} -m pip install {PEFT}")
    return found


def check():
    found, warnings = problems(), []
    tasks = lines_of("tasks.jsonl")
    gpus = torch.cuda.device_count()
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
        model = policy_in_float32()
        read = f"read; {model.num_parameters():,} weights"
        if SETTINGS["lora"] and not found:
            from peft import get_peft_model

            trained, _ = get_peft_model(model, adapter()).get_nb_trainable_parameters()
            read += f", and {trained:,} of an adapter"
        stage, tight = stage_for(gpus)
        lacking = lacking_for(stage)
        found += [lacking] if lacking else []
        warnings += [tight] if tight else []
        notes = [read] + ([f"{processes_for(gpus)} processes, {HOW[stage]}"] if gpus > 1 else [])
    except Exception as error:  # Whatever it is, it is what the check is for.
        found.append(f"{type(error).__name__}: {error}")
        notes = []
    rewards, unreached = [], None
    if os.environ.get("TOUCHSTONE_REWARD_URL"):
        # A blank answer scores without a call of the judge: what is tried is the way there and back.
        some = tasks[:10]
        asked = [as_rollout(task["messages"], "", {"id": task["id"]}, i) for i, task in enumerate(some)]
        try:
            rewards = [{"status": one["status"], "reason": one["reason"]} for one in score_rollouts(asked)]
        except TouchstoneError as error:
            unreached = str(error)
    said = {"versions": versions(), "gpus": gpus, "problems": found, "warnings": warnings}
    print(json.dumps({**said, "notes": notes, "rewards": rewards, "unreached": unreached}))
