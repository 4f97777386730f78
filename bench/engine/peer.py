# One job of `bench:engine` with PyTorch and transformers: `python peer.py JOB`, a job as JSON. Prints seconds a run and the
# highest memory, as JSON.
import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM

job = json.loads(sys.argv[1])
torch.manual_seed(1)
model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
prompts = torch.randint(100, job["vocabulary"], (job["prompts"], job["promptTokens"]))
rows = prompts.repeat_interleave(job["rows"] // job["prompts"], 0)
own = job.get("ownTokens", 0)
if own:
    rows[:, -own:] = torch.randint(100, job["vocabulary"], (job["rows"], own))
answer_tokens = job["answerTokens"]


@torch.no_grad()
def decode():
    options = {"do_sample": True, "top_k": 0, "max_new_tokens": answer_tokens, "min_new_tokens": answer_tokens}
    model.generate(rows, attention_mask=torch.ones_like(rows), pad_token_id=0, **options)


def gradient():
    # As trainers of this kind compute it: every row has its prompt, logits only where the answer is.
    answers = torch.randint(100, job["vocabulary"], (job["rows"], answer_tokens))
    tokens = torch.cat([rows, answers], 1)
    model.zero_grad()
    for part in tokens.split(job.get("peerRows", job["rows"])):
        logits = model(part, use_cache=False, logits_to_keep=answer_tokens + 1).logits[:, :-1]
        logs = logits.log_softmax(-1).gather(-1, part[:, -answer_tokens:, None])
        (-logs.sum() / answers.numel()).backward()


run = {"decode": decode, "gradient": gradient}[job["kind"]]
model.train(job["kind"] == "gradient")
run()
seconds = []
for _ in range(job["runs"]):
    begun = time.perf_counter()
    run()
    seconds.append(time.perf_counter() - begun)
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024}))
