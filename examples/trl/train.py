"""Trains a model with TRL's GRPOTrainer; the reward comes from `touchstone reward serve`.

    python train.py MODEL TASKS.jsonl --output DIR [--steps 3]

MODEL is a Hugging Face folder, TASKS.jsonl the tasks of a touchstone.yaml (`data.train`). README.md has all the steps.
"""

import argparse
import json

from datasets import Dataset
from touchstone_trl import touchstone_reward
from trl import GRPOConfig, GRPOTrainer


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("tasks")
    parser.add_argument("--output", required=True)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--group-size", type=int, default=4)
    parser.add_argument("--prompts-per-step", type=int, default=4)
    parser.add_argument("--max-tokens", type=int, default=96)
    args = parser.parse_args()

    with open(args.tasks, encoding="utf-8") as lines:
        tasks = [json.loads(line) for line in lines]
    # TRL calls the messages "prompt"; every other column reaches the judge as it is.
    data = Dataset.from_list([{"prompt": task.pop("messages"), **task} for task in tasks])
    config = GRPOConfig(
        output_dir=args.output,
        max_steps=args.steps,
        num_generations=args.group_size,
        # A multiple of the group size, so that a group is never split between processes.
        per_device_train_batch_size=args.group_size * args.prompts_per_step,
        max_completion_length=args.max_tokens,
        learning_rate=1e-4,
        model_init_kwargs={"dtype": "float32"},
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        logging_steps=1,
        log_completions=True,
        report_to="none",
        seed=1,
    )
    trainer = GRPOTrainer(model=args.model, reward_funcs=touchstone_reward, args=config, train_dataset=data)
    trainer.train()
    trainer.save_model(args.output)
    for entry in trainer.state.log_history:
        print(json.dumps(entry))


if __name__ == "__main__":
    main()
