"""verl's trainer where there is no GPU: a stand-in for `python -m verl.trainer.main_ppo` in tests.

Drawing and updating are done here, with transformers, since those of verl want a GPU. All else is verl's own: the configuration, the
data set and its loader, the reward workers, advantages and loss, TransferQueue and what is dumped from it, the logger, the folders.
"""

import asyncio
import os
import time
import types

import hydra
import numpy as np
import ray
import torch
import transfer_queue as tq
import verl.trainer.config
from omegaconf import OmegaConf, open_dict
from tensordict import TensorDict
from torchdata.stateful_dataloader import StatefulDataLoader
from transformers import AutoModelForCausalLM
from verl import DataProto
from verl.experimental.reward_loop.reward_loop import RewardLoopWorker
from verl.trainer.ppo.core_algos import agg_loss, compute_grpo_outcome_advantage, get_policy_loss_fn
from verl.trainer.ppo.metric_utils import compute_data_metrics
from verl.trainer.ppo.utils import create_rl_dataset, create_rl_sampler
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils import hf_tokenizer
from verl.utils.config import omega_conf_to_dataclass
from verl.utils.dataset.rl_dataset import collate_fn
from verl.utils.tensordict_utils import list_of_dict_to_tensordict
from verl.utils.tracking import Tracking


def draw(model, tokenizer, config, prompt):
    """Answers to a prompt, as tokens with the one that ends them."""
    ids = torch.tensor(
        [tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"]]
    )
    rollout = config.actor_rollout_ref.rollout
    drawn = model.generate(
        ids.repeat(rollout.n, 1),
        do_sample=True,
        temperature=rollout.temperature,
        top_k=0,
        max_new_tokens=config.data.max_response_length,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )[:, ids.shape[1] :]
    answers = []
    for row in drawn.tolist():
        end = row.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in row else len(row)
        answers.append(torch.tensor(row[:end]))
    return ids[0], answers


def scored(workers, fields):
    """As verl's agent loop asks: one answer at a time, all at once."""

    async def ask(i, row):
        arrays = {
            name: np.empty(1, dtype=object)
            for name in ("data_source", "reward_model", "extra_info", "session_id")
        }
        for name, array in arrays.items():
            array[0] = row[name]
        arrays["tool_extra_fields"] = np.empty(1, dtype=object)
        arrays["tool_extra_fields"][0] = {"turn_scores": [], "tool_rewards": []}
        batch = TensorDict(
            {
                "prompts": row["prompts"][None],
                "responses": row["responses"][None],
                "attention_mask": torch.ones(
                    1, len(row["prompts"]) + len(row["responses"]), dtype=torch.int64
                ),
            },
            batch_size=1,
        )
        return await workers[i % len(workers)].compute_score(DataProto(batch=batch, non_tensor_batch=arrays))

    async def ask_all():
        return await asyncio.gather(*[ask(i, row) for i, row in enumerate(fields)])

    return [one["reward_score"] for one in workers[0].loop.run_until_complete(ask_all())]


def padded(rows):
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=0)


def log_probs(model, prompt, answer):
    logits = model(torch.cat([prompt, answer])[None]).logits[0, len(prompt) - 1 : -1]
    distribution = logits.float().log_softmax(-1)
    return distribution.gather(-1, answer[:, None])[:, 0], -(distribution.exp() * distribution).sum(-1)


@hydra.main(
    config_path=os.path.dirname(verl.trainer.config.__file__), config_name="ppo_trainer", version_base=None
)
def train(config):
    ray.init(log_to_driver=False) if "RAY_ADDRESS" in os.environ else ray.init(num_cpus=8)
    with open_dict(config):
        config.transfer_queue.enable = True
        config.transfer_queue.backend.SimpleStorage.num_data_storage_units = 1
    tq.init(config.transfer_queue)
    tokenizer = hf_tokenizer(config.actor_rollout_ref.model.path)
    data = create_rl_dataset(
        config.data.train_files, config.data, tokenizer, None, is_train=True, max_samples=-1
    )
    loader = StatefulDataLoader(
        dataset=data,
        batch_size=config.data.train_batch_size,
        num_workers=config.data.dataloader_num_workers,
        drop_last=True,
        collate_fn=collate_fn,
        sampler=create_rl_sampler(config.data, data),
    )
    step, weights = 0, config.actor_rollout_ref.model.path
    if config.trainer.resume_mode == "resume_path":
        path = config.trainer.resume_from_path
        step, weights = int(path.split("global_step_")[-1]), os.path.join(path, "actor", "huggingface")
        loader.load_state_dict(torch.load(os.path.join(path, "data.pt"), weights_only=False))
    torch.manual_seed(step)
    model = AutoModelForCausalLM.from_pretrained(weights, dtype=torch.float32)
    actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
    optim = config.actor_rollout_ref.actor.optim
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=optim.lr, betas=tuple(optim.betas), weight_decay=optim.weight_decay
    )
    workers = [RewardLoopWorker(config) for _ in range(2)]
    logger = Tracking(
        "touchstone", config.trainer.experiment_name, config.trainer.logger, OmegaConf.to_container(config)
    )
    trainer = types.SimpleNamespace(tokenizer=tokenizer, _write_generations=PPOTrainerSync._write_generations)
    PPOTrainerSync._init_dump_executor(trainer)
    trainer._dump_generations = lambda **kwargs: PPOTrainerSync._dump_generations(trainer, **kwargs)

    for batch in loader:
        step += 1
        begun = time.monotonic()
        trainer.global_steps = step
        keys, fields = [], []
        for place in range(len(batch["raw_prompt"])):
            prompt, answers = draw(model, tokenizer, config, batch["raw_prompt"][place])
            uid = f"{os.urandom(8).hex()}-{place}"
            for session, answer in enumerate(answers):
                keys.append(f"{uid}_{session}_0")
                row = {name: dict(batch[name][place]) for name in ("reward_model", "extra_info")}
                row.update(data_source=batch["data_source"][place], uid=uid, session_id=session)
                fields.append({**row, "prompts": prompt, "responses": answer})
        scores = scored(workers, fields)
        for row, score in zip(fields, scores):
            row["rm_scores"] = torch.zeros(len(row["responses"]))
            row["rm_scores"][-1] = score
        order = torch.randperm(len(keys)).tolist()  # verl shares them between GPUs by their lengths.
        asyncio.run(
            tq.async_kv_batch_put(
                keys=keys,
                fields=list_of_dict_to_tensordict(fields),
                tags=[{} for _ in keys],
                partition_id="train",
            )
        )
        mask = padded([torch.ones(len(row["responses"])) for row in fields])
        rewards = padded([row["rm_scores"] for row in fields])
        advantages, returns = compute_grpo_outcome_advantage(
            rewards.clone(),
            mask,
            np.array([row["uid"] for row in fields], dtype=object),
            norm_adv_by_std_in_grpo=config.algorithm.norm_adv_by_std_in_grpo,
        )
        pairs = [log_probs(model, row["prompts"], row["responses"]) for row in fields]
        new, entropy = padded([pair[0] for pair in pairs]), padded([pair[1] for pair in pairs]).detach()
        actor.global_batch_info.update(
            dp_size=1, batch_num_tokens=mask.sum(), global_batch_size=len(fields), loss_scale_factor=None
        )
        loss, figures = get_policy_loss_fn("vanilla")(
            old_log_prob=new.detach(),
            log_prob=new,
            advantages=advantages,
            response_mask=mask.bool(),
            loss_agg_mode=actor.loss_agg_mode,
            config=actor,
        )
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), optim.clip_grad)
        optimizer.step()
        if step % config.trainer.save_freq == 0 or step == config.trainer.total_training_steps:
            folder = os.path.join(config.trainer.default_local_dir, f"global_step_{step}")
            model.save_pretrained(os.path.join(folder, "actor", "huggingface"))
            torch.save(loader.state_dict(), os.path.join(folder, "data.pt"))
            with open(
                os.path.join(config.trainer.default_local_dir, "latest_checkpointed_iteration.txt"), "w"
            ) as file:
                file.write(str(step))
        lengths = {
            "prompt_length": torch.tensor([float(len(row["prompts"])) for row in fields]),
            "response_length": torch.tensor([float(len(row["responses"])) for row in fields]),
        }
        measured = DataProto.from_dict(
            {
                "prompts": padded([row["prompts"] for row in fields]),
                "responses": padded([row["responses"] for row in fields]),
                "response_mask": mask,
                "token_level_scores": rewards,
                "token_level_rewards": rewards,
                "advantages": advantages,
                "returns": returns,
                **lengths,
            }
        )
        metrics = {
            f"actor/{name}".replace("actor/actor/", "actor/"): value for name, value in figures.items()
        }
        metrics.update(compute_data_metrics(measured, use_critic=False))
        metrics.update(
            {
                "actor/loss": loss.item(),
                "actor/pg_loss": loss.item(),
                "actor/grad_norm": norm.item(),
                "actor/lr": optim.lr,
                "actor/entropy": agg_loss(entropy, mask, actor.loss_agg_mode).item(),
                "training/global_step": step,
                "timing_s/step": time.monotonic() - begun,
            }
        )
        kept = types.SimpleNamespace(keys=[keys[i] for i in order], partition_id="train")
        PPOTrainerSync._log_rollout_data(trainer, kept, {}, config.trainer.rollout_data_dir)
        tq.kv_clear(keys=keys, partition_id="train")
        logger.log(data=metrics, step=step)
        if step == config.trainer.total_training_steps:
            break
    PPOTrainerSync._shutdown_dump_executor(trainer)
    logger.finish()
    tq.close()


if __name__ == "__main__":
    train()
