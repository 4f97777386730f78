# TRL's own loss on given tensors: cases as JSON on standard input, losses and gradients as JSON on standard output. What the loss asks of
# its trainer is given as a plain object; the model is what the log-probabilities are.
import json
import sys
from collections import defaultdict
from types import SimpleNamespace

import torch
from accelerate import Accelerator
from trl import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer

torch.set_num_threads(1)
accelerator = Accelerator(cpu=True)


def padded(rows):
    longest = max(map(len, rows))
    return torch.tensor([row + [0.0] * (longest - len(row)) for row in rows], dtype=torch.float64)


def loss_of(case):
    rows = case["answers"]
    logps = padded([row["logprobs"] for row in rows]).requires_grad_()
    mask = padded([[1.0] * len(row["logprobs"]) for row in rows])
    old = padded([row["old"] for row in rows])
    entropies = padded([row["entropy"] for row in rows])
    trainer = SimpleNamespace(
        model=SimpleNamespace(training=True),
        accelerator=accelerator,
        _metrics={"train": defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *_, **__: (logps, entropies, None),
        aux_loss_enabled=False,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        use_vllm=False,
        use_adaptive_entropy=False,
        current_gradient_accumulation_steps=1,
        max_completion_length=case["max_tokens"],
        args=SimpleNamespace(delta=None, use_bias_correction_kl=False, steps_per_generation=1),
        _entropy_bonus_enabled=case["trl"].get("entropy_coef", 0) > 0,
        **{"beta": 0.0, "entropy_coef": 0.0, **case["trl"]},
    )
    inputs = {
        "prompt_ids": torch.zeros(len(rows), 1, dtype=torch.long),
        "prompt_mask": torch.ones(len(rows), 1, dtype=torch.long),
        "completion_ids": torch.zeros_like(mask, dtype=torch.long),
        "completion_mask": mask,
        "advantages": torch.tensor([row["advantage"] for row in rows], dtype=torch.float64),
        "old_per_token_logps": old,
        "old_logps": (old * mask).sum(1),
        "ref_per_token_logps": padded([row["reference"] for row in rows]),
        "num_items_in_batch": mask.sum(),
    }
    trainer_class = RLOOTrainer if case["trainer"] == "RLOOTrainer" else GRPOTrainer
    loss = trainer_class._compute_loss(trainer, trainer.model, inputs)
    (gradient,) = torch.autograd.grad(loss, logps)
    flat = [gradient[i, t].item() for i, row in enumerate(rows) for t in range(len(row["logprobs"]))]
    return {"loss": loss.item(), "gradient": flat}


print(json.dumps([loss_of(case) for case in json.load(sys.stdin)]))
