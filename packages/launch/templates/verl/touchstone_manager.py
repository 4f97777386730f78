"""verl's reward manager of a Touchstone run: verl's own, which also says what was drawn.

verl calls a reward function with the text of an answer alone, and its dumps hold no more. How many tokens it has, which was its
last, and which of its group it is go to the reward server in `extra_info`, beside the text.
"""

from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager


class TouchstoneRewardManager(NaiveRewardManager):
    async def run_single(self, data):
        row = data[len(data) - 1]
        if "session_id" not in row.non_tensor_batch:
            raise RuntimeError(
                "this verl does not say which answer of its group it asks about: trainer.use_v1 must be true, with verl 0.9"
            )
        responses = row.batch["responses"]
        length = int(row.batch["attention_mask"][-responses.shape[-1] :].sum())
        row.non_tensor_batch["extra_info"].update(
            session=int(row.non_tensor_batch["session_id"]),
            tokens=length,
            last_token=int(responses[length - 1]) if length else None,
        )
        given = await super().run_single(data)
        # Touchstone's own stand-ins count as judged: they are made where the whole group is known.
        if given["reward_extra_info"].get("judge_ok") != 1.0:
            raise RuntimeError(
                "the reward server has given no reward, and verl would learn from a number that stands in for it"
            )
        return given
