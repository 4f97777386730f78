"""What of the training follows from the machine: how many processes, at which precision, and where the optimizer's states lie."""

import importlib.util
import json
import os
import subprocess
import sys

from touchstone_job import HERE, SETTINGS

# Of the memory that is free on a GPU; the rest is for activations. A rule of thumb.
SHARE = 0.8
# What vLLM takes of a GPU beside the training: the default of TRL's vllm_gpu_memory_utilization.
VLLM_SHARE = 0.3
DEEPSPEED = "deepspeed==0.19.8"
HOW = {0: "data parallelism", 2: "DeepSpeed, ZeRO stage 2", 3: "DeepSpeed, ZeRO stage 3"}


def zero_stage(weights, gpus, free, reference=False, adapter=False, vllm=False):
    """How each GPU holds what belongs to the weights: 0 is all of it on each (data parallelism), 2 and 3 are DeepSpeed's
    ZeRO stages, None is that not even 3 leaves room.

    Bytes a weight: 16 on one GPU (weight, gradient and Adam's two moments in float32); 20 on each of several, with the gradient again
    in the buckets of DistributedDataParallel. With DeepSpeed, whose weights are bfloat16, 2 + 14/n at stage 2 and 16/n at stage 3, for n
    GPUs (Rajbhandari et al. 2020). A model to measure KL to adds 4, or 2, or 2/n. Beside an adapter weights stay: 4, never divided.

    `weights`: number of them; `free`: bytes of the GPU that has the fewest.
    """
    room = free * (SHARE - (VLLM_SHARE if vllm else 0))
    if adapter:
        return 0 if 4 * weights <= room else None
    bytes_of = {0: 16} if gpus == 1 else {0: 20, 2: 2 + 14 / gpus, 3: 16 / gpus}
    beside = {0: 4, 2: 2, 3: 2 / gpus} if reference else {0: 0, 2: 0, 3: 0}
    return next((stage for stage, each in bytes_of.items() if weights * (each + beside[stage]) <= room), None)


def deepspeed_config(stage):
    """What DeepSpeed is configured with; the trainer fills in what is "auto", the norm of gradients among it."""
    zero = {"stage": stage, "overlap_comm": True, "contiguous_gradients": True}
    if stage == 3:
        # Else a checkpoint holds pieces that nobody reads but DeepSpeed.
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    return {
        "bf16": {"enabled": "auto"},
        "gradient_clipping": "auto",
        "gradient_accumulation_steps": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "train_batch_size": "auto",
        "zero_optimization": zero,
    }


def stage_in_use():
    """The ZeRO stage that this process was started with."""
    return int(os.environ.get("TOUCHSTONE_ZERO", "0"))


def processes_for(gpus):
    """One a GPU, as many as share the prompts of a step evenly: no group is split."""
    return max(n for n in range(1, max(1, gpus) + 1) if SETTINGS["prompts_per_step"] % n == 0)


def stage_for(gpus):
    """The stage for these GPUs, and in words why that may be too little; None: it is not."""
    if gpus == 0:
        return 0, None
    processes = processes_for(gpus)
    weights, free = number_of_weights(), least_free()
    adapter, reference = SETTINGS["lora"] is not None, SETTINGS["grpo"]["beta"] > 0
    stage = zero_stage(weights, processes, free, reference, adapter, has_vllm())
    if stage is not None:
        return stage, None
    advice = (
        "a smaller policy"
        if adapter
        else "more GPUs, as many as divide prompts_per_step, or training.trl.lora"
    )
    used = "1 GPU" if processes == 1 else f"{processes} GPUs"
    return 0 if adapter or processes == 1 else 3, (
        f"training {weights:,} weights may take more than {used} with {free / 2**30:.0f} GiB free: take {advice}"
    )


def lacking_for(stage):
    """What a stage needs and this Python has not, in words; None: nothing."""
    if stage == 0 or importlib.util.find_spec("deepspeed") is not None:
        return None
    return (
        f"one GPU does not hold what training takes, and DeepSpeed, which divides it (ZeRO stage {stage}), is not installed: "
        f"{sys.executable} -m pip install {DEEPSPEED}; or set training.trl.lora"
    )


def has_vllm():
    return importlib.util.find_spec("vllm") is not None


def number_of_weights():
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(SETTINGS["policy"]))
    return sum(weight.numel() for weight in model.parameters())


def least_free():
    """Bytes that are free on the GPU with the fewest. Asked in a process of its own, since whoever asks keeps some of each."""
    ask = "import torch; print(min(torch.cuda.mem_get_info(i)[0] for i in range(torch.cuda.device_count())))"
    return int(subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True).stdout)


def share_between(gpus, stage_of_checkpoint):
    """Goes on as one process a GPU, where there are several. What a checkpoint was written with is what reads it."""
    processes = processes_for(gpus)
    if processes == 1 or "RANK" in os.environ:
        return
    stage = stage_for(gpus)[0] if stage_of_checkpoint is None else stage_of_checkpoint
    if lacking := lacking_for(stage):
        raise RuntimeError(lacking)
    os.environ["TOUCHSTONE_ZERO"] = str(stage)
    if stage > 0:
        (HERE / "deepspeed.json").write_text(json.dumps(deepspeed_config(stage), indent=2) + "\n", "utf-8")
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(processes)]
    command += ["--multi_gpu", "--mixed_precision", "bf16", "--num_machines", "1", "--dynamo_backend", "no"]
    os.execv(sys.executable, [*command, "--main_process_port", "0", str(HERE / "train.py")])


def arguments_for(gpus):
    """The arguments of GRPOConfig that follow from the machine, beside those of settings.json."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    micro_batch, prompts = SETTINGS["micro_batch"], SETTINGS["prompts_per_step"]
    rows = prompts * SETTINGS["group_size"]
    if rows % (micro_batch * processes) != 0:
        raise ValueError(
            f"{rows} answers a step cannot be shared by {processes} processes with {micro_batch} at once: "
            "choose another training.trl.micro_batch"
        )
    if prompts % processes != 0:
        raise ValueError(f"{processes} processes would split groups: prompts_per_step must be a multiple")
    machine = {
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": rows // (micro_batch * processes),
        "use_cpu": gpus == 0,
        "bf16": gpus > 0,
        "gradient_checkpointing": gpus > 0,
        "dataloader_pin_memory": gpus > 0,
    }
    if gpus > 0 and has_vllm():
        machine.update(use_vllm=True, vllm_mode="colocate")
    if stage_in_use() > 0:
        machine["deepspeed"] = str(HERE / "deepspeed.json")
    return machine
