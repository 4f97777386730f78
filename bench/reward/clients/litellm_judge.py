"""LiteLLM's Router as the judge's call path: the declared limits, its own retries and time limit, JSON read from the
reply. Concurrency is held by a semaphore, as its documentation shows."""

import asyncio
import json

from litellm import Router

from job import Results, prompt_of, read_job

job = read_job()
results = Results(job)
limits = job["limits"] or {}
router = Router(
    model_list=[
        {
            "model_name": "judge",
            "litellm_params": {
                "model": "openai/simulator",
                "api_base": job["url"] + "/v1",
                "api_key": "none",
                "timeout": job["timeoutSeconds"],
                "rpm": limits.get("requestsPerMinute"),
                "tpm": limits.get("tokensPerMinute"),
            },
        }
    ],
    num_retries=job["attempts"] - 1,
    timeout=job["timeoutSeconds"] * job["attempts"],
)


async def judge(sample, places):
    async with places:
        try:
            reply = await router.acompletion(
                model="judge",
                messages=[{"role": "user", "content": prompt_of(job, sample)}],
                max_tokens=job["maxTokens"],
                temperature=0,
            )
            verdict = json.loads(reply.choices[0].message.content)
            if not isinstance(verdict["grounded"], bool) or not isinstance(verdict["actionable"], bool):
                raise ValueError("not a verdict")
            results.done(sample["id"], (verdict["grounded"] + verdict["actionable"]) / 2)
        except Exception as error:
            results.done(sample["id"], None, f"{type(error).__name__}: {error}"[:200])


async def main():
    places = asyncio.Semaphore(job["concurrency"])
    results.start()
    await asyncio.gather(*(judge(sample, places) for sample in job["samples"]))
    results.end()


asyncio.run(main())
