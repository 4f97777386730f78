# One training of `bench:rft` with TRL's GRPOTrainer on the CPU: `python peer.py JOB`, a job as JSON. Prints a line of JSON, and
# writes the answers that it drew to the file that the job names.
import json
import sys
import tempfile
import time

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

job = json.loads(sys.argv[1])
training, sampling, adamw = job["training"], job["sampling"], job["adamw"]
length = next(check for check in job["reward"]["checks"] if check["type"] == "length")


def refuse(name):
    raise ValueError(f"{name} is no JSON")


def reward_of(text):
    """The job's reward: nothing for what is no JSON; full marks up to so many characters, falling to none over the tolerance."""
    try:
        json.loads(text.strip(), parse_constant=refuse)
    except (ValueError, RecursionError):
        return 0.0
    return max(0.0, 1 - max(0, len(text) - length["max"]) / length["tolerance"])


steps = []


def reward(completions, completion_ids, **_):
    rewards = [reward_of(completion[0]["content"]) for completion in completions]
    steps.append({"rewards": rewards, "answers": [list(map(int, ids)) for ids in completion_ids]})
    return rewards


class Watch(TrainerCallback):
    def on_step_begin(self, args, state, control, **_):
        self.begun = time.perf_counter()

    def on_step_end(self, args, state, control, **_):
        steps[-1]["seconds"] = time.perf_counter() - self.begun


rows = training["prompts_per_step"] * training["group_size"]
config = GRPOConfig(
    output_dir=tempfile.gettempdir(),
    seed=job["seed"],
    use_cpu=True,
    bf16=False,
    gradient_checkpointing=False,
    # All answers of a step are drawn, and learnt from, at once: one update a step, ratios of 1.
    per_device_train_batch_size=rows,
    gradient_accumulation_steps=1,
    num_generations=training["group_size"],
    num_iterations=1,
    max_steps=training["steps"],
    shuffle_dataset=False,
    max_completion_length=sampling["max_tokens"],
    temperature=sampling["temperature"],
    top_p=1.0,
    top_k=0,
    loss_type="dapo",
    scale_rewards=training["deviation"],
    epsilon=training["clip_low"],
    epsilon_high=training["clip_high"],
    beta=training["kl_coefficient"],
    mask_truncated_completions=False,
    learning_rate=training["learning_rate"],
    lr_scheduler_type="constant",
    warmup_steps=0,
    adam_beta1=adamw["beta1"],
    adam_beta2=adamw["beta2"],
    adam_epsilon=adamw["epsilon"],
    weight_decay=training["weight_decay"],
    max_grad_norm=training["max_grad_norm"],
    logging_steps=1,
    save_strategy="no",
    report_to="none",
    disable_tqdm=True,
    dataloader_pin_memory=False,
)
with open(job["tasks"]) as lines:
    tasks = Dataset.from_list([{"prompt": json.loads(line)["messages"]} for line in lines])
trainer = GRPOTrainer(
    model=AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32),
    reward_funcs=reward,
    args=config,
    train_dataset=tasks,
    processing_class=AutoTokenizer.from_pretrained(job["model"], padding_side="left"),
    callbacks=[Watch()],
)
# What the trainer logs for people is printed to stdout, where the result goes.
out, sys.stdout = sys.stdout, sys.stderr
trainer.train()
for step, logged in zip(steps, (one for one in trainer.state.log_history if "grad_norm" in one), strict=True):
    step.update(loss=logged["loss"], grad_norm=logged["grad_norm"])
with open(job["answers"], "w") as file:
    json.dump([step.pop("answers") for step in steps], file)
print(json.dumps(steps), file=out)
