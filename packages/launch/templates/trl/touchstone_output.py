"""The policy, what is trained of it, and what comes out: checkpoints, sealed and found again, and the policy with a merged adapter."""

import json
import os
import shutil
import sys

import torch
from touchstone_job import HERE, SETTINGS, hashes_of
from transformers import AutoModelForCausalLM, AutoTokenizer

OUTPUT = HERE / "output"
MERGED = OUTPUT / "merged"
SEAL = "touchstone-checkpoint.json"
# Log-probabilities of float32 that were computed in another order differ by some 1e-5.
TOLERANCE = 1e-3


def seal(update, stage):
    """Says what is in a checkpoint, last of all: one that a killed process has left half-written has no such file."""
    folder = OUTPUT / f"checkpoint-{update}"
    said = {"run": SETTINGS["run"], "update": update, "zero": stage}
    text = json.dumps({**said, "files": hashes_of(folder, without=SEAL)})
    partial = folder / (SEAL + ".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, folder / SEAL)


def seal_of(folder):
    """What a checkpoint's seal says; None where there is none. Those of an older version say nothing of `zero`."""
    try:
        return {"zero": 0, **json.loads((folder / SEAL).read_text("utf-8"))}
    except (OSError, ValueError, TypeError):
        return None


def checkpoints():
    """The folders of checkpoints with their numbers of updates, the newest first."""
    numbers = [int(path.name.split("-")[1]) for path in OUTPUT.glob("checkpoint-*")]
    return [(OUTPUT / f"checkpoint-{update}", update) for update in sorted(numbers, reverse=True)]


def stage_of_checkpoints():
    """The ZeRO stage that the newest checkpoint says it was written with; None: there is none yet."""
    return next((said["zero"] for folder, _ in checkpoints() if (said := seal_of(folder))), None)


def newest_checkpoint():
    """The newest checkpoint that holds, with its number of updates; those that do not hold are removed."""
    for folder, update in checkpoints():
        said = seal_of(folder)
        holds = {"run": SETTINGS["run"], "update": update, "files": hashes_of(folder, without=SEAL)}
        if said is not None and said == {**holds, "zero": said["zero"]}:
            return folder, update
        print(f"{folder.name} is not what was written and is not used", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    return None, 0


def policy_in_float32():
    return AutoModelForCausalLM.from_pretrained(SETTINGS["policy"], dtype=torch.float32)


def adapter():
    """What peft makes the adapter of; None: the weights themselves are trained."""
    if SETTINGS["lora"] is None:
        return None
    from peft import LoraConfig

    return LoraConfig(task_type="CAUSAL_LM", **SETTINGS["lora"])


def tokens_of(tokenizer, task):
    return tokenizer.apply_chat_template(
        task["messages"], add_generation_prompt=True, tokenize=True, return_dict=True
    )["input_ids"]


def merge(checkpoint, prompt):
    """Writes the policy with the adapter of a checkpoint added to its weights as a Hugging Face folder, in float32, and returns it.
    In the policy's own 16 bits much of what was learned would be rounded away.

    `prompt`: tokens on which the two must agree.
    """
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(policy_in_float32(), str(checkpoint)).eval()
    before = log_probabilities(adapted, prompt)
    model = adapted.merge_and_unload(safe_merge=True)
    difference = (log_probabilities(model, prompt) - before).abs().max().item()
    if not difference <= TOLERANCE:
        raise RuntimeError(
            f"the merged policy's log-probabilities differ from those with the adapter by {difference:.2g}: expected at most "
            f"{TOLERANCE}. Another version of peft may do better"
        )
    partial = OUTPUT / "merged.partial"
    for folder in (partial, MERGED):
        shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(partial)
    AutoTokenizer.from_pretrained(SETTINGS["policy"]).save_pretrained(partial)
    os.replace(partial, MERGED)
    return MERGED


@torch.no_grad()
def log_probabilities(model, ids):
    return model(torch.tensor([ids])).logits.log_softmax(-1)
