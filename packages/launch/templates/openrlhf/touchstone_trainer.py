"""OpenRLHF's trainer with two things of Touchstone's: the tasks of a step in the run's order, and a journal of what was drawn and learned.

It runs as an actor of Ray, so this file must be where Python finds it on the machine of that actor: beside train.py.
"""

import json
import math

from openrlhf.trainer.ppo_trainer import PPOTrainer
from touchstone_job import SETTINGS, number, stop_on_abstentions, write_journal
from touchstone_versions import versions

PROMPTS, GROUP = SETTINGS["prompts_per_step"], SETTINGS["group_size"]


class Trainer(PPOTrainer.__ray_metadata__.modified_class.__ray_actor_class__):
    def __init__(self, pretrain, strategy, *models, **generate):
        keep_order(strategy)
        super().__init__(pretrain, strategy, *models, **generate)
        self.drawn = []

    def init_checkpoint_states(self):
        states = super().init_checkpoint_states()
        done = states["global_step"]
        seen = states.get("total_consumed_prompts")
        if seen != done * PROMPTS or (done > 0 and not states.get("data_loader_state_dict")):
            raise RuntimeError(
                f"the checkpoint of step {done} says that {seen} prompts were used, and lacks where to go on or says another "
                f"place than {done * PROMPTS}: it is not of this run. Delete checkpoints/ in the job's folder to begin anew"
            )
        actor = self.args.actor
        write_journal(
            started={
                "versions": versions(),
                "gpus": actor.num_nodes * actor.num_gpus_per_node,
                "from": done,
            }
        )
        return states

    def train_step(self, rollout_samples, global_step):
        step = global_step + 1
        # OpenRLHF has those first that were ready first: sums of a step would be other ones each time.
        samples = sorted(rollout_samples, key=place_of)
        self.drawn = groups_of(samples, step)
        stop_on_abstentions(step, [answer for group in self.drawn for answer in group])
        status, made = super().train_step(samples, global_step)
        for name in ("policy_loss", "actor_grad_norm"):
            value = status.get(name)
            if value is None or not math.isfinite(value):
                raise RuntimeError(
                    f"step {step}: {name} is {value}, and the weights would be lost by it. Begin anew with a lower learning rate"
                )
        return status, made

    def save_logs_and_checkpoints(self, global_step, logs_dict=None, client_states=None):
        # On the disk before the checkpoint of this step is.
        metrics = {name: number(value) for name, value in logs_dict.items() if name != "generated_samples"}
        seconds = metrics["timing/step_total"]
        write_journal(step=global_step, seconds=seconds, metrics=metrics, groups=self.drawn)
        super().save_logs_and_checkpoints(global_step, logs_dict, client_states)


def keep_order(strategy):
    """OpenRLHF shuffles the prompts, without a seed and without a setting for it."""
    theirs = strategy.setup_dataloader

    def in_order(dataset, batch_size, pin_memory, _shuffle, *rest, **named):
        return theirs(dataset, batch_size, pin_memory, False, *rest, **named)

    strategy.setup_dataloader = in_order


def place_of(sample):
    answer = json.loads(sample.labels[0])
    return answer["place"], answer["index"]


def groups_of(rollout_samples, step):
    """The answers of a step by its tasks. Raises RuntimeError where what will be learned from is not what was judged."""
    groups = {}
    for sample in rollout_samples:
        answer = json.loads(sample.labels[0])
        reward = float(sample.rewards[0])
        if answer["step"] != step:
            raise RuntimeError(f"OpenRLHF has drawn answers of step {answer['step']} in step {step}")
        if answer["tokens"] != int(sample.action_mask.sum()) or abs(answer["reward"] - reward) > 1e-6:
            raise RuntimeError(
                f"step {step}: OpenRLHF has {int(sample.action_mask.sum())} tokens with the reward {reward} where an answer of "
                f"{answer['tokens']} to task {answer['task']} was given {answer['reward']}"
            )
        groups.setdefault(answer["place"], {})[answer["index"]] = answer
    if sorted(groups) != list(range(PROMPTS)) or any(len(group) != GROUP for group in groups.values()):
        raise RuntimeError(
            f"step {step}: OpenRLHF has {len(rollout_samples)} answers; expected {PROMPTS * GROUP}"
        )
    kept = ("task", "text", "tokens", "finish", "score", "reason")
    return [
        [{name: groups[place][index][name] for name in kept} for index in range(GROUP)]
        for place in range(PROMPTS)
    ]
