"""Runs a job's train.py where there is no GPU: all of OpenRLHF but the two parts that need one.

OpenRLHF's are: its command line, its Ray actors for the trainer, its data set and loader, its samples generator, its executor, its
experiences and advantages, its policy loss. Ours, on a CPU: what draws tokens (for vLLM) and what holds weights (for DeepSpeed).
"""

import os
import runpy
import sys

import ray
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


class Weights:
    """For PolicyModelActor and ReferenceModelActor: one process with a Hugging Face model."""

    def init_model_from_pretrained(self, strategy, pretrain, max_steps=None, engines=()):
        from openrlhf.models import PolicyLoss

        self.args, self.engines, self.batch = strategy.args, engines, []
        torch.manual_seed(1)
        self.model = AutoModelForCausalLM.from_pretrained(pretrain, dtype=torch.float32)
        self.tokenizer = AutoTokenizer.from_pretrained(pretrain)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=self.args.actor.adam.lr)
        low, high = self.args.actor.eps_clip_low_high
        self.loss = PolicyLoss(clip_eps_low=low, clip_eps_high=high)
        self.file = os.path.join(self.args.ckpt.path, "_actor", "cpu.pt")
        self.states = {}
        if self.args.ckpt.load_enable and os.path.exists(self.file):
            kept = torch.load(self.file, weights_only=False)
            self.model.load_state_dict(kept["model"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.states = kept["states"]

    def log_probs(self, sequences, attention_mask):
        logits = self.model(sequences, attention_mask=attention_mask).logits[:, :-1]
        logits = logits / self.args.rollout.temperature
        return torch.log_softmax(logits, -1).gather(-1, sequences[:, 1:, None])[..., 0]

    def forward(self, sequences, action_mask, attention_mask, mm_train_inputs_list=None):
        with torch.no_grad():
            return self.log_probs(sequences, attention_mask) * action_mask

    def execute_batch(self, method, data, start, end):
        return [
            getattr(self, method)(**{name: values[i] for name, values in data.items()})
            for i in range(start, end)
        ]

    def append(self, experience):
        self.batch.append(experience)

    def fit(self, kl_ctl=0.0):
        tokens = float(sum(one.action_mask.sum() for one in self.batch))
        status = {}
        for _ in range(self.args.train.max_epochs):
            losses, clipped = 0.0, 0.0
            for one in self.batch:
                now = self.log_probs(one.sequences, one.attention_mask) * one.action_mask
                loss, clip, *_ = self.loss(
                    now, one.action_log_probs, one.advantages, one.action_mask, batch_num_tokens=tokens
                )
                loss.backward()
                losses += loss.item()
                clipped += clip.item() * float(one.action_mask.sum()) / tokens
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.args.actor.max_norm).item()
            self.optimiser.step()
            self.optimiser.zero_grad()
            status = {"policy_loss": losses, "ppo_clip_ratio": clipped, "actor_grad_norm": norm, "kl": 0.0}
        self.batch.clear()
        return status

    def broadcast_to_vllm(self):
        ray.get([engine.take.remote(self.model.state_dict()) for engine in self.engines])

    def get_checkpoint_states(self):
        return self.states

    def save_checkpoint(self, tag, client_states=None, metric_value=None, metric_key=None):
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        kept = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save({**kept, "states": client_states}, self.file)

    def save_model(self):
        self.model.to(torch.bfloat16).save_pretrained(self.args.ckpt.output_dir)
        self.tokenizer.save_pretrained(self.args.ckpt.output_dir)

    def nothing(self):
        """What only moves memory on a GPU."""

    empty_cache = reload_states = offload_states = nothing


class Group:
    """For RayActorGroup, of one member."""

    def __init__(self, *_, **__):
        self.weights = ray.remote(num_cpus=0)(Weights).remote()

    def async_init_model_from_pretrained(self, *args):
        return [self.weights.init_model_from_pretrained.remote(*args)]

    def async_save_model(self):
        return [self.weights.save_model.remote()]

    def async_run_method(self, method_name, **named):
        return [getattr(self.weights, method_name).remote(**named)]

    def async_run_method_batch(self, method_name, **named):
        return [self.weights.execute_batch.remote(method_name, named, 0, len(next(iter(named.values()))))]


def engines_of(count, _parallel, pretrain, *_, agent_func_path=None, **__):
    """For create_vllm_engines: OpenRLHF's rollout actor, but for what draws the tokens."""
    from openrlhf.trainer.ray.vllm_engine import RolloutRayActor, _load_agent_executor

    class Engine(RolloutRayActor.__ray_metadata__.modified_class.__ray_actor_class__):
        async def __init__(self):
            self.executor = _load_agent_executor(agent_func_path)
            self.model = AutoModelForCausalLM.from_pretrained(pretrain, dtype=torch.float32)

        def get_num_unfinished_requests(self):
            return 0

        async def generate(self, prompt_token_ids, params, multi_modal_data=None):
            chance = torch.Generator().manual_seed(params.seed)
            ids, reason = list(prompt_token_ids), "length"
            with torch.no_grad():
                while len(ids) < len(prompt_token_ids) + params.max_tokens:
                    logits = self.model(torch.tensor([ids])).logits[0, -1] / params.temperature
                    ids.append(int(torch.multinomial(torch.softmax(logits, -1), 1, generator=chance)))
                    if ids[-1] in params.stop_token_ids:
                        reason = "stop"
                        break
            drawn = {"token_ids": ids[len(prompt_token_ids) :], "finish_reason": reason, "logprobs": None}
            return type("Output", (), {"outputs": [type("Answer", (), drawn)]})

        async def take(self, weights):
            self.model.load_state_dict(weights)

        async def sleep(self, level=1):
            pass

        async def wake_up(self, tags=None):
            pass

    return [ray.remote(num_cpus=0)(Engine).remote() for _ in range(count)]


if __name__ == "__main__":
    script, sys.argv = sys.argv[1], sys.argv[1:]
    sys.path.insert(0, os.path.dirname(script))
    import openrlhf.trainer.ray as rays
    from openrlhf.trainer.ray import launcher

    rays.create_vllm_engines, launcher.RayActorGroup = engines_of, Group
    # What asks for GPUs is told of two that are not there.
    if "--check" in sys.argv:
        torch.cuda.device_count = lambda: 2
    elif not os.environ.get("RAY_ADDRESS"):
        ray.init(num_cpus=2, num_gpus=2, include_dashboard=False, object_store_memory=200_000_000)
    runpy.run_path(script, run_name="__main__")
