"""Trains the policy of a Touchstone run with OpenRLHF. `touchstone run` writes this file and starts it.

    python train.py --check        # what this Python has, and whether it reads the data as Touchstone does
    python train.py --arguments    # what OpenRLHF's own command line makes of the arguments, as JSON
    python train.py                # trains, or goes on from the newest checkpoint in checkpoints/

It starts openrlhf.cli.train_ppo_ray with the arguments of settings.json (SETTINGS.md says where each comes from), touchstone_agent.py
where it draws and touchstone_trainer.py as its trainer. By hand, the reward comes from `touchstone reward serve`: set
TOUCHSTONE_REWARD_URL and TOUCHSTONE_REWARD_KEY to its address and key.
"""

import argparse
import ast
import contextlib
import datetime
import hashlib
import importlib.util
import io
import json
import os
import platform
import runpy
import sys
import types

from touchstone_job import HERE, SETTINGS, hashes_of, lines_of, only_one, write_journal
from touchstone_versions import needs, versions

CLI = "openrlhf.cli.train_ppo_ray"
ARGUMENTS = SETTINGS["arguments"]


def parsed(arguments):
    """What OpenRLHF makes of its command line: its own parser and checks, the block at the end of its module. The module itself
    cannot be imported without vLLM and a GPU. Raises ValueError with what it says."""
    spec = importlib.util.find_spec(CLI)
    with open(spec.origin, encoding="utf-8") as source:
        blocks = [node for node in ast.parse(source.read()).body if isinstance(node, ast.If)]
    found, said, argv = [], io.StringIO(), sys.argv
    names = {"argparse": argparse, "datetime": datetime.datetime, "train": found.append}
    sys.argv = [CLI, *arguments]
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.Module(blocks[-1].body, type_ignores=[]), spec.origin, "exec"), names)
    except (SystemExit, AssertionError, AttributeError) as error:
        raise ValueError(said.getvalue().strip().split("\n")[-1] or str(error)) from None
    finally:
        sys.argv = argv
    return found[0]


def named(arguments):
    """The arguments by their names, each with its values."""
    given = {}
    for text in arguments:
        if text.startswith("--"):
            given[text[2:]] = values = []
        else:
            values.append(text)
    return given


def misread(args):
    """Arguments that came to be something else: a parser takes the beginning of another name for it, and says nothing."""
    found = []
    for name, values in named(ARGUMENTS).items():
        node = args
        for part in name.split("."):
            node = getattr(node, part, None)
        was = [str(one) for one in (node if isinstance(node, (list, tuple)) else [node])]
        same = node is True if not values else len(was) == len(values) and all(map(alike, was, values))
        if not same:
            found.append(f"this OpenRLHF reads --{name} {' '.join(values)} as {node}")
    return found


def alike(was, given):
    try:
        return float(was) == float(given)
    except ValueError:
        return was == given


def rows_as_read(args):
    """The rows of prompts.jsonl as OpenRLHF's own data set has them, and its tokenizer."""
    from openrlhf.datasets import PromptDataset
    from openrlhf.datasets.utils import blending_datasets
    from openrlhf.utils import get_tokenizer

    strategy = types.SimpleNamespace(args=args, print=lambda *_: None, is_rank_0=lambda: False)
    data = blending_datasets(
        args.data.prompt_dataset,
        args.data.prompt_probs,
        strategy,
        args.train.seed,
        max_count=args.data.max_samples,
        dataset_split=args.data.prompt_split,
    )
    fast = not args.data.disable_fast_tokenizer
    tokenizer = get_tokenizer(args.actor.model_name_or_path, None, "left", strategy, use_fast=fast)
    return PromptDataset(data, tokenizer, strategy, input_template=args.data.input_template), tokenizer


def unlike(args):
    """What of the data OpenRLHF reads in another way than Touchstone, in words; None: nothing."""
    rows, tokenizer = rows_as_read(args)
    labels = [row["label"] for row in lines_of("prompts.jsonl")]
    if rows.labels != labels:
        return "OpenRLHF's data set does not have the labels of prompts.jsonl in their order"
    prompts = {}
    for label, prompt in zip(rows.labels, rows.prompts):
        prompts.setdefault(json.loads(label)["task"], prompt)
    for task in lines_of("tasks.jsonl"):
        if task["id"] not in prompts:
            continue
        ids = tokenizer(text=prompts[task["id"]], add_special_tokens=False)["input_ids"]
        if hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest() != task["prompt_sha256"]:
            return (
                f"task {task['id']}: its prompt is {len(ids)} tokens here and {task['prompt_tokens']} in Touchstone, or others: "
                "the chat template is rendered in another way, or the task holds marks of the template. "
                "The policy would be trained on prompts other than those that it is evaluated on"
            )
    return None


def gpus_there():
    """GPUs of the cluster that OpenRLHF will use: that of the Ray job that this is part of, else this machine."""
    if os.environ.get("RAY_ADDRESS"):
        import ray

        ray.init(log_to_driver=False, configure_logging=False)
        return int(ray.cluster_resources().get("GPU", 0))
    import torch

    return torch.cuda.device_count()


def check():
    found, warnings = needs()
    gpus, notes, rewards, unreached = 0, [], [], None
    try:
        args = parsed(ARGUMENTS)
        wrong = misread(args)
        if not os.path.isdir(args.actor.model_name_or_path):
            raise FileNotFoundError(
                f"the policy's folder {args.actor.model_name_or_path} is not there on {platform.node()}"
            )
        difference = unlike(args)
        wrong += [difference] if difference else []
        found += wrong
        if not wrong:
            notes.append(f"read; {len(named(ARGUMENTS))} options mean what was meant")
        gpus = gpus_there()
        asked = SETTINGS["gpus"]
        if gpus < asked:
            found.append(
                f"{gpus} GPUs are there and training.openrlhf asks for {asked}: OpenRLHF would wait for them without a word"
            )
    except Exception as error:  # Whatever it is, it is what the check is for.
        found.append(f"{type(error).__name__}: {error}")
    if os.environ.get("TOUCHSTONE_REWARD_URL"):
        from touchstone_client import TouchstoneError, as_rollout, score_rollouts

        # A blank answer scores without a call of the judge: what is tried is the way there and back.
        some = lines_of("tasks.jsonl")[:10]
        sent = [as_rollout(task["messages"], "", {"id": task["id"]}, i) for i, task in enumerate(some)]
        try:
            rewards = [{"status": one["status"], "reason": one["reason"]} for one in score_rollouts(sent)]
        except TouchstoneError as error:
            unreached = str(error)
    said = {"versions": versions(), "gpus": gpus, "problems": found, "warnings": warnings, "notes": notes}
    print(json.dumps({**said, "rewards": rewards, "unreached": unreached}))


def train():
    import openrlhf.trainer.ppo_trainer as theirs
    import ray
    from touchstone_trainer import Trainer

    misunderstood = misread(parsed(ARGUMENTS))
    if misunderstood:
        raise RuntimeError("; ".join(misunderstood))
    theirs.PPOTrainer = ray.remote(Trainer)
    sys.argv = [CLI, *ARGUMENTS]
    runpy.run_module(CLI, run_name="__main__", alter_sys=True)
    files = hashes_of(HERE / SETTINGS["output"])
    if "config.json" not in files:
        raise RuntimeError(f"OpenRLHF has ended and has written no model into {SETTINGS['output']}")
    write_journal(done={"checkpoint": SETTINGS["output"], "files": files, "versions": versions()})


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    if sys.argv[1:] == ["--arguments"]:
        # JSON has no infinity, which OpenRLHF has for no limit.
        plain = json.loads(json.dumps(parsed(ARGUMENTS), default=vars), parse_constant=str)
        return print(json.dumps(plain, sort_keys=True))
    if sys.argv[1:]:
        sys.exit(__doc__)
    lock = only_one()  # noqa: F841
    try:
        train()
    except BaseException as error:
        # What went wrong in an actor of Ray comes with all that Ray has to say of it.
        cause = getattr(error, "cause", None) or error
        write_journal(failed=f"{type(cause).__name__}: {cause}")
        raise


if __name__ == "__main__":
    main()
