import type { RewardFunction } from '@touchstone/core';
import type { Rollout } from '@touchstone/spec';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRewardServer, type RewardServer } from '../http/server.js';
import { simulatedReward } from '@touchstone/testing';
import { noPython, pythonFolder, type PythonFolder } from './python.testing.js';
import { renderShim, SHIMS } from './render.js';

it.each(SHIMS)('the file for %s is one file, and begins with three steps', async (name) => {
  const text = await renderShim(name);
  expect(text).toMatch(/^"""[^\n]+\n\n {4}1\. [^\n]+\n {4}2\. [^\n]+\n {4}3\. [^\n]+\n\n/);
  expect(text.match(/^from .+$/gm)).toEqual(['from __future__ import annotations']);
});

/** What the trainers have in common here: Python, a reward server over the judge simulator, and what it was asked. */
describe.skipIf(noPython)(`the shims${noPython ? ` (${noPython})` : ''}`, () => {
  let python: PythonFolder;
  let server: RewardServer;
  let env: Record<string, string>;
  const seen: Rollout[] = [];

  beforeAll(async () => {
    python = await pythonFolder();
    const inner = simulatedReward();
    const reward: RewardFunction = {
      score: (rollouts, options) => (seen.push(...rollouts), inner.score(rollouts, options)),
    };
    server = createRewardServer({ reward, key: 'k', report: () => {} });
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    env = { TOUCHSTONE_REWARD_URL: url, TOUCHSTONE_REWARD_KEY: 'k' };
  });
  beforeEach(() => void seen.splice(0));
  afterAll(async () => {
    await server.close();
    python.remove();
  });

  /** `good(n)` is an answer that the simulator grades n; `lost` one that it cannot judge. */
  const run = (script: string, more: Record<string, string> = {}): Promise<unknown> =>
    python.run(
      `
import asyncio, json, types
import stand_ins
def good(grade): return json.dumps([{"quote": "due in 30 days", "grade": grade}])
lost = json.dumps([{"quote": "due in 30 days", "grade": 5, "does": "fail"}])
document = "Payment is due in 30 days."
${script}
`,
      { ...env, ...more },
    );
  /** The sizes of the groups that were asked about, with the text of each one's last turn. */
  const groups = (): [string, number][] => {
    const questions = new Map(seen.map(({ group, task }) => [group, task.messages.at(-1)!.content]));
    const sizes = [...questions].map(([name, question]): [string, number] => [
      question,
      seen.filter(({ group }) => group === name).length,
    ]);
    // Groups are asked about at the same time, and arrive in any order.
    return sizes.sort(([a], [b]) => a.localeCompare(b));
  };

  it('need nothing but the standard library to be read', async () => {
    const script = `import ${SHIMS.map((name) => `touchstone_${name}`).join(', ')}\nprint(json.dumps("read"))`;
    expect(await run(script)).toBe('read');
  });

  describe('TRL', () => {
    const call = `
import touchstone_trl
from touchstone_trl import touchstone_reward, touchstone_with
touchstone_trl._trl_version = lambda: (1, 6)
metrics, extra = {}, {}
def call(prompts, completions, function=touchstone_reward, **columns):
    return function(
        prompts=prompts, completions=completions, completion_ids=[[1, 2]] * len(prompts),
        trainer_state=types.SimpleNamespace(global_step=7), environments=[object()] * len(prompts),
        log_metric=metrics.__setitem__, log_extra=extra.__setitem__,
        document=[document] * len(prompts), **columns)
`;

    it('gives a number or None for each completion of a chat data set, and the figures of the batch', async () => {
      const got = await run(`${call}
prompts = [[{"role": "system", "content": "s"}, {"role": "user", "content": q}] for q in "aabb"]
completions = [
    [{"role": "assistant", "content": good(5)}],
    [{"role": "assistant", "content": lost}],
    [{"role": "assistant", "content": "let me see"}, {"role": "tool", "content": "t"},
     {"role": "assistant", "content": [{"type": "text", "text": good(1)}]}],
    [{"role": "assistant", "content": ""}],
]
rewards = call(prompts, completions, reference_answer=["r", "r", "", ""], id=[1, 1, 2, 2], image=[object()] * 4, note=[None] * 4)
print(json.dumps([rewards, metrics, extra]))`);
      expect(got).toEqual([
        [1, null, 0.25, 0],
        expect.objectContaining({ 'touchstone/abstained': 0.25, 'touchstone/judge': 1 / 3 }),
        { 'not judged': ['', 'transport: the simulator is down', '', ''] },
      ]);
      expect(groups()).toEqual([
        ['a', 2],
        ['b', 2],
      ]);
      expect(new Set(seen.map(({ task }) => `${task.id} ${JSON.stringify(task.reference)}`))).toEqual(
        new Set(['1 "r"', '2 null']),
      );
      expect(seen[0]!.task.metadata).toEqual({ document: 'Payment is due in 30 days.' });
    });

    it('takes a plain-text data set, and what older versions leave out', async () => {
      const got = await run(`
from touchstone_trl import touchstone_reward
print(json.dumps(touchstone_reward(prompts=["a", "b"], completions=[good(5), good(3)], document=[document] * 2)))`);
      expect(got).toEqual([1, 0.625]);
      expect(groups()).toEqual([
        ['a', 1],
        ['b', 1],
      ]);
    });

    it('leaves an answer out whole when it is one of several rewards and could not be judged', async () => {
      const got = await run(`${call}
def length(completions, **kwargs): return [len(text) / 1000 for text in completions]
async def even(completions, **kwargs): return [None, 1.0, 0.5]
both = touchstone_with(length, even, weights=[2, 1000, 1])
lengths = [len(good(5)), len(lost)]
rewards = call(["a"] * 3, [good(5), good(3), lost], function=both)
assert rewards[1] == 2 * 0.625 + len(good(3)) + 1.0, rewards
try: touchstone_with(length, weights=[1])
except ValueError as error: print(json.dumps([rewards[0], rewards[2], str(error)]))`);
      expect(got).toEqual([null, null, "expected 2 weights, Touchstone's first"]);
    });

    it('gives the mean of the group instead of None to a TRL that would count None as 0', async () => {
      const got = await run(`${call}
touchstone_trl._trl_version = lambda: (1, 5)
print(json.dumps(call(["a", "a", "a", "b"], [good(5), good(1), lost, lost])))`);
      expect(got).toEqual([1, 0.25, 0.625, 0]);
    });
  });

  describe('verl', () => {
    const call = `
import inspect, touchstone_verl as shim
class Array(list):
    "What PyArrow and NumPy give: no list for json, but it has tolist."
    def tolist(self): return list(self)
def info(question, **more):
    row = {"messages": Array([{"role": "user", "content": question}]), "document": document, "index": 3}
    return {**row, "num_turns": 2, "rollout_reward_scores": {}, **more}
`;

    it('gives a number and judge_ok, with the same keys for what could not be judged', async () => {
      const got = await run(
        `${call}
assert inspect.iscoroutinefunction(shim.compute_score)
async def both():
    return await asyncio.gather(*[
        shim.compute_score(data_source="d", solution_str=text, ground_truth="g", extra_info=info("a", num_turns=n),
                           reward_router_address=None)
        for n, text in enumerate([good(5), lost])])
sync = shim.compute_score_sync("d", good(3), "g", info("b"))
try: shim.compute_score_sync("d", good(3), "g", {"document": document})
except shim.TouchstoneError as error: print(json.dumps(asyncio.run(both()) + [sync, str(error)]))`,
        { TOUCHSTONE_REWARD_FALLBACK: '0.4' },
      );
      expect(got).toEqual([
        { score: 1, judge_ok: 1 },
        { score: 0.4, judge_ok: 0 },
        { score: 0.625, judge_ok: 1 },
        expect.stringContaining('copy it into extra_info["messages"]'),
      ]);
      expect(groups()).toEqual([
        ['a', 2],
        ['b', 1],
      ]);
      expect(seen[0]!.task).toMatchObject({ reference: 'g', metadata: { index: 3 } });
    });

    it('gives what could not be judged the mean of its group where the whole batch is there', async () => {
      const got = await run(`${call}
print(json.dumps(shim.compute_scores(
    data_sources=["d"] * 5, solution_strs=[good(5), good(1), lost, good(5), lost], ground_truths=["g"] * 5,
    extra_infos=[info("a"), info("a"), info("a"), info("b"), info("c")])))`);
      expect(got).toEqual([1, 0.25, 0.625, 1, 0.5].map((score) => ({ score, judge_ok: expect.any(Number) })));
      expect(groups()).toEqual([
        ['a', 3],
        ['b', 1],
        ['c', 1],
      ]);
    });
  });

  it('verifiers v1: a judge plug-in that raises what could not be judged', async () => {
    const got = await run(`
real = stand_ins.provide("verifiers.v1", "Judge")
import verifiers.v1 as vf
from touchstone_verifiers import TouchstoneJudge, TouchstoneError
class Data(vf.TaskData):
    if real: model_config = {"extra": "allow"}
class Trace(types.SimpleNamespace):
    def record_metrics(self, metrics): self.metrics = metrics
if real:
    from verifiers.v1.utils.loaders import judge_class
    assert judge_class("touchstone_verifiers") is TouchstoneJudge
task = Data(idx=4, prompt="a", system_prompt="be brief", answer="g", document=document)
trace = Trace(last_reply=good(3))
async def ask():
    score = await TouchstoneJudge().score(task=task, trace=trace)
    try: await TouchstoneJudge().score(task=task, trace=Trace(last_reply=lost))
    except TouchstoneError as error: return [score, trace.metrics["touchstone/grounding"], str(error)]
print(json.dumps(asyncio.run(ask())))`);
    expect(got).toEqual([0.625, 1, 'not judged: transport: the simulator is down']);
    expect(groups()).toEqual([['a', 2]]);
    expect(seen[0]!.task).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user', content: 'a' }],
      reference: 'g',
      metadata: { document: 'Payment is due in 30 days.' },
    });
  });

  it('verifiers 0.1: a rubric that marks what could not be judged as an error of its rollout', async () => {
    const got = await run(`
stand_ins.provide("verifiers", "Rubric")
from touchstone_verifiers import TouchstoneRubric
def state(text, **more):
    turns = [{"role": "assistant", "content": text}]
    row = {"prompt": [{"role": "user", "content": "a"}], "completion": turns, "answer": "g", "example_id": 1}
    return {**row, "info": {"document": document}, "trajectory": [{"reward": None}], "error": None, **more}
states = [state(good(5)), state(lost), state(good(5), error=ValueError("no model"))]
asyncio.run(TouchstoneRubric().score_group(states))
alone = state(good(3))
asyncio.run(TouchstoneRubric().score_rollout(alone))
print(json.dumps([[s["reward"], s["metrics"]["judge_ok"], s["trajectory"][0]["reward"],
                   type(s["error"]).__name__ + ": " + str(s["error"])] for s in states + [alone]]))`);
    expect(got).toEqual([
      [1, 1, 1, 'NoneType: None'],
      [0, 0, 0, 'InfraError: not judged: transport: the simulator is down'],
      [0, 0, 0, 'ValueError: no model'],
      [0.625, 1, 0.625, 'NoneType: None'],
    ]);
    expect(groups()).toEqual([['a', 3]]);
    expect(seen[0]!.task.reference).toBe('g');
  });

  it('SkyRL: an environment of one turn, with a number in any case', async () => {
    const got = await run(`
stand_ins.provide("skyrl_gym", "make")
import skyrl_gym, touchstone_skyrl
touchstone_skyrl.register()
def play(text):
    extras = {"reward_spec": {"method": "rule", "ground_truth": "g"}, "document": document, "max_turns": 1}
    env = skyrl_gym.make("touchstone", env_config={}, extras=extras)
    prompt, _ = env.init([{"role": "user", "content": "a"}])
    assert env.get_metrics() == {}
    return [env.step(text), env.get_metrics()]
print(json.dumps([play(good(3)), play(lost)]))`);
    const end = { observations: [], done: true };
    expect(got).toEqual([
      [{ ...end, reward: 0.625, metadata: { judge_ok: 1, not_judged: '' } }, { judge_ok: 1 }],
      [
        { ...end, reward: 0.5, metadata: { judge_ok: 0, not_judged: 'transport: the simulator is down' } },
        { judge_ok: 0 },
      ],
    ]);
    expect(groups()).toEqual([['a', 2]]);
    expect(seen[0]!.task).toMatchObject({ reference: 'g', metadata: { document: expect.any(String) } });
  });

  it('tinker: a group judged together, the mean for what could not be, an error when nothing could', async () => {
    const got = await run(`
stand_ins.provide("tinker_cookbook.rl.preference_envs", "PreferenceEnv")
import pickle
from touchstone_tinker import TouchstoneGroupBuilder, TouchstoneError
assert pickle.loads(pickle.dumps(TouchstoneGroupBuilder)) is TouchstoneGroupBuilder  # It is sent to other processes.
class Renderer:
    def parse_response(self, tokens): return {"role": "assistant", "content": bytes(tokens).decode()}, None
    def get_stop_sequences(self): return []
def trajectory(text):
    return types.SimpleNamespace(transitions=[types.SimpleNamespace(ac=types.SimpleNamespace(tokens=list(text.encode())))])
task = {"messages": [{"role": "user", "content": "a"}], "reference_answer": "g", "document": document}
builder = TouchstoneGroupBuilder(task, Renderer(), 3)
async def play(*texts):
    envs = await builder.make_envs()
    assert len(envs) == 3 and builder.logging_tags() == ["touchstone"]
    return await builder.compute_group_rewards([trajectory(text) for text in texts], envs)
rewards = asyncio.run(play(good(5), good(1), lost))
try: asyncio.run(play(lost, lost, lost))
except TouchstoneError as error: print(json.dumps([[[r, m["judge_ok"]] for r, m in rewards], str(error)]))`);
    expect(got).toEqual([
      [
        [1, 1],
        [0.25, 1],
        [0.625, 0],
      ],
      'none of the group was judged; the first: transport: the simulator is down',
    ]);
    expect(groups()).toEqual([['a', 6]]);
  });
});
