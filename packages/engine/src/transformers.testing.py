# What transformers makes of the same model folders: reads requests from standard input, writes answers to standard output.
import json
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

# Threads that wait for each other on a busy machine take many times as long.
torch.set_num_threads(1)


def make(folder, config, shard_size, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.normal_(0, 0.15)
    model.save_pretrained(folder, max_shard_size=shard_size)


@torch.no_grad()
def ask(folder, sequences=(), texts=(), chats=(), new_tokens=0):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    answer = {"logprobs": []}
    if texts or chats:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        sequences = [*sequences, *(tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts)]
        prompts = [tokenizer.apply_chat_template(c, add_generation_prompt=True, return_dict=False) for c in chats]
    else:
        prompts = [sequence[:4] for sequence in sequences]
    for sequence in sequences:
        ids = torch.tensor([sequence])
        logs = model(ids).logits[0].log_softmax(-1)[:-1]
        answer["logprobs"].append(logs.gather(1, ids[0, 1:, None])[:, 0].tolist())
    answer["sequences"] = sequences
    answer["prompts"] = prompts
    answer["greedy"] = [
        model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), do_sample=False, max_new_tokens=new_tokens
        )[0, len(prompt) :].tolist()
        for prompt in prompts
    ]
    return answer


request = json.load(sys.stdin)
for each in request["make"]:
    make(**each)
print(json.dumps([ask(**each) for each in request["ask"]]))
