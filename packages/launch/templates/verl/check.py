"""Looks whether verl can train as this folder says, where it will. `touchstone run` and `touchstone doctor` start it.

    python check.py

Prints a line of JSON: versions, GPUs, what was found, and the rewards of a few blank answers.
"""

import asyncio
import hashlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = (
    "verl",
    "torch",
    "transformers",
    "ray",
    "TransferQueue",
    "tensordict",
    "vllm",
    "sglang",
    "flash_attn",
)
ANSWERS = 10


def lines_of(name):
    with open(HERE / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def versions():
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def composed():
    """The configuration as verl's own entry point composes it."""
    from omegaconf import OmegaConf

    command = [
        sys.executable,
        "-m",
        "verl.trainer.main_ppo",
        "--config-dir",
        str(HERE),
        "--config-name",
        "verl",
        "--cfg",
        "job",
    ]
    done = subprocess.run(command, check=False, cwd=HERE, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(
            "verl does not take the configuration: " + " / ".join(done.stderr.strip().splitlines()[-3:])
        )
    return OmegaConf.create(done.stdout)


def validate(config):
    """verl's own check, which looks at numbers of GPUs and batches."""
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import validate_config

    config = config.copy()
    validate_config(
        config, use_reference_policy=need_reference_policy(config), use_critic=need_critic(config)
    )


def data_problem(config, tokenizer):
    """What is wrong with the rows as verl's own data set and loader give them, in words; None: nothing is."""
    from torchdata.stateful_dataloader import StatefulDataLoader
    from transformers import AutoConfig
    from verl.trainer.ppo.utils import create_rl_dataset, create_rl_sampler
    from verl.utils.dataset.rl_dataset import collate_fn
    from verl.utils.tokenizer.continuous_token_wiring import create_continuous_token_builder

    # As verl's agent loop makes tokens of a prompt.
    kind = AutoConfig.from_pretrained(config.actor_rollout_ref.model.path).model_type
    builder = create_continuous_token_builder(tokenizer, hf_model_type=kind, chat_template_kwargs={})
    rows = create_rl_dataset(
        config.data.train_files, config.data, tokenizer, None, is_train=True, max_samples=-1
    )
    loader = StatefulDataLoader(
        dataset=rows,
        batch_size=config.data.train_batch_size,
        num_workers=config.data.dataloader_num_workers,
        drop_last=True,
        collate_fn=collate_fn,
        sampler=create_rl_sampler(config.data, rows),
    )
    expected = lines_of("rows.jsonl")
    tasks = {task["id"]: task for task in lines_of("tasks.jsonl")}
    place = 0
    for batch in loader:
        for prompt, info, model in zip(batch["raw_prompt"], batch["extra_info"], batch["reward_model"]):
            row = expected[place]
            if prompt != row["prompt"] or info != row["extra_info"] or model != row["reward_model"]:
                return f"row {place} of rows.jsonl is another one where verl has loaded it: {json.dumps(info, default=str)[:300]}"
            place += 1
            task = tasks.pop(model["ground_truth"].split(" ", 1)[1], None)
            if task is None:
                continue
            ids = [int(token) for token in builder.build_initial_tokens(prompt)]
            digest = hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()
            if digest != task["prompt_sha256"]:
                return (
                    f"task {task['id']}: its prompt is {len(ids)} tokens here and {task['prompt_tokens']} in Touchstone, or others: "
                    "the chat template is rendered in another way, or the task holds marks of the template. "
                    "The policy would be trained on prompts other than those that it is evaluated on"
                )
    if place != len(expected):
        return f"verl's loader gives {place} rows of the {len(expected)} in rows.jsonl"
    return None


def trainer_problem(config):
    """Whether verl's trainer can be loaded: what it needs beside what pip installs with verl."""
    try:
        from verl.trainer.ppo.v1 import get_trainer_cls

        get_trainer_cls(config.trainer.v1.trainer_mode)
    except (ImportError, ValueError, AttributeError) as error:
        return f'verl\'s trainer cannot be loaded ({type(error).__name__}: {error}): pip install "verl[verl-core]==0.9.1" there'
    return None


def tokenizer_problem(tokenizer):
    if tokenizer.pad_token_id not in tokenizer.all_special_ids:
        return (
            f"verl pads with {tokenizer.pad_token!r}, which is no special token of this tokenizer: it would stand in the answers that "
            "verl dumps. Name a special token as pad_token in tokenizer_config.json"
        )
    return None


def ask(config, rows, texts, tokenizer):
    """Scores of answers through verl's own reward worker: `texts` are one group of the first row, then of the next ones."""
    import numpy as np
    import torch
    from tensordict import TensorDict
    from verl import DataProto
    from verl.experimental.reward_loop.reward_loop import RewardLoopWorker

    worker = RewardLoopWorker(config)
    group = config.actor_rollout_ref.rollout.n

    def sample(index, text):
        ids = tokenizer.encode(text, add_special_tokens=False) + [tokenizer.eos_token_id]
        row = json.loads(json.dumps(rows[index // group]))
        responses = torch.tensor([ids])
        batch = TensorDict(
            {
                "prompts": torch.zeros(1, 1, dtype=torch.int64),
                "responses": responses,
                "attention_mask": torch.ones(1, 1 + len(ids), dtype=torch.int64),
            },
            batch_size=1,
        )
        fields = {name: value for name, value in row.items() if name != "prompt"}
        fields.update(
            session_id=index % group,
            __num_turns__=2,
            tool_extra_fields={"turn_scores": [], "tool_rewards": []},
        )
        arrays = {}
        for name, value in fields.items():
            arrays[name] = np.empty(1, dtype=object)
            arrays[name][0] = value
        return DataProto(batch=batch, non_tensor_batch=arrays)

    async def all_of_them():
        return await asyncio.gather(*[worker.compute_score(sample(i, text)) for i, text in enumerate(texts)])

    return worker.loop.run_until_complete(all_of_them())


def gpus_of(config):
    """GPUs that Ray has, and those that this process sees where there is no cluster."""
    if os.environ.get("RAY_ADDRESS"):
        import ray

        ray.init(log_to_driver=False)
        return [int(node["Resources"].get("GPU", 0)) for node in ray.nodes() if node["Alive"]]
    import torch

    return [torch.cuda.device_count()]


def check():
    problems, rewards, gpus = [], [], []
    try:
        config = composed()
        from verl.utils import hf_tokenizer

        tokenizer = hf_tokenizer(config.actor_rollout_ref.model.path)
        found = (trainer_problem(config), data_problem(config, tokenizer), tokenizer_problem(tokenizer))
        problems += [text for text in found if text]
        rows = lines_of("rows.jsonl")
        if os.environ.get("TOUCHSTONE_REWARD_URL"):
            # Blank answers score without a call of the judge: what is tried is the way there and back. Groups are asked whole.
            group = config.actor_rollout_ref.rollout.n
            count = group * min(len(rows), max(1, ANSWERS // group))
            rewards = [float(one["reward_score"]) for one in ask(config, rows, [""] * count, tokenizer)]
        gpus = gpus_of(config)
        validate(config)
    except Exception as error:  # Whatever it is, it is what the check is for.
        problems.append(f"{type(error).__name__}: {error}")
    print(json.dumps({"versions": versions(), "gpus": gpus, "problems": problems, "rewards": rewards}))


if __name__ == "__main__":
    check()
