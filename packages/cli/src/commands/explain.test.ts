import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../program.js';

async function explained(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const to = (stream: 'out' | 'err') => ({ write: (text: string) => void (said[stream] += text) });
  const code = await runCli(['explain', ...args], { out: to('out'), err: to('err'), env: {} });
  return { code, ...said };
}

it('says what a name does here and on Nova', async () => {
  const { code, out } = await explained('age_tolerance', 'dapo');
  expect(code).toBe(0);
  expect(out).toMatch(
    /age_tolerance, AWS's key\n {2}How old the weights may be.*\n {2}here {2}.*\n {2}Nova {2}HyperPod's recipe/,
  );
  expect(out).toMatch(/\ndapo, algorithm\n {2}DAPO: /);
  const json = JSON.parse((await explained('--json', 'clip_high')).out) as { name: string }[];
  expect(json.map(({ name }) => name)).toEqual(['training.clip_high']);
});

it("makes settings of touchstone.yaml out of AWS's keys", async () => {
  const { code, out } = await explained(
    'global_batch_size=64',
    'number_generation=8',
    'lr=1e-5',
    'proc_num=6',
  );
  expect(code).toBe(0);
  expect(parse(out)).toEqual({ training: { prompts_per_step: 8, group_size: 8, learning_rate: 1e-5 } });
  expect(out).toContain('# proc_num has no effect here');
});

it.each([
  [['clip_hihg'], /called "clip_hihg": did you mean "clip_high"\?/],
  [['batch=8'], /there is no key "batch"/],
  [['lr', 'lr=1'], /expected names or KEY=VALUE, not both/],
])('refuses %j', async (args, expected) => {
  const { code, err } = await explained(...args);
  expect(code).toBe(2);
  expect(err).toMatch(expected);
});
