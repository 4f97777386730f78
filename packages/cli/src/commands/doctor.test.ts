import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';
import { lineProblem } from '@touchstone/launch';
import type { Finding } from '@touchstone/run';
import { startProvider } from '@touchstone/testing';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-doctor-'));
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const user = (content: string) => ({ role: 'user', content });

beforeAll(() => {
  cpSync('examples/quickstart/models/policy', join(folder, 'policy'), { recursive: true });
  const line = (question: string): string =>
    `${JSON.stringify({
      messages: [user(question)],
      reference_answer: 'gold',
      document: 'd'.repeat(30_000),
    })}\n`;
  file('train.jsonl', Array.from({ length: 120 }, (_, i) => line(`q${i}`)).join(''));
  file('eval.jsonl', line('q'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function config(judge: string, more = ''): string {
  return file(
    'touchstone.yaml',
    `policy: { model: local:policy }
data: { train: train.jsonl, eval: eval.jsonl }
judge:
  ${judge}
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
  inputs: { document: metadata.document }
${more}`,
  );
}
const BEDROCK = 'model: bedrock:openai.gpt-oss-120b-1:0';

async function doctor(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['doctor', ...args, '--json'], { out: sink('out'), err: sink('err'), env: {} });
  const { checks } = JSON.parse(got.out || '{"checks":[]}') as { checks: Finding[] };
  const levels = Object.fromEntries(checks.map(({ what, level }) => [what, level]));
  const details = (what: string) => checks.filter((check) => check.what === what).map(({ detail }) => detail);
  const detail = (what: string) => details(what)[0];
  return { code, levels, detail, details, err: got.err };
}

describe('doctor --aws', () => {
  it('finds a configuration fit, and says what it means for Bedrock and the Forge SDK', async () => {
    const { code, levels, detail } = await doctor(
      config(BEDROCK, 'reward: { abstention: { policy: neutral } }\n'),
      '--aws',
    );
    expect(code).toBe(0);
    expect(levels).toMatchObject({
      'Judge in Lambda': 'ok',
      'Function name': 'ok',
      Timeout: 'ok',
      Runtime: 'ok',
      'Provisioned concurrency': 'ok',
      'Alias or Forge SDK': 'warning',
      'Log retention': 'ok',
      'Execution role, sagemaker': 'ok',
      'Execution role, bedrock': 'ok',
      "Function's role": 'ok',
      'Training data': 'ok',
      'Request size': 'ok',
      Memory: 'ok',
      'Judge load': 'ok',
    });
    expect(levels).not.toHaveProperty('Least privilege');
    expect(detail('Judge load')).toContain('100 instances × 8 calls = 800');
  });

  it('finds every setting of a template that training fails without', async () => {
    const out = join(folder, 'out');
    const path = config(BEDROCK);
    const sink = { write: () => {} };
    expect(await runCli(['reward', 'bundle', path, '--out', out], { out: sink, err: sink, env: {} })).toBe(0);
    const template = readFileSync(join(out, 'template.yaml'), 'utf8');
    const worse: [what: string, level: string, from: RegExp, to: string][] = [
      ['Function name', 'failed', /Default: SageMaker-reward/, 'Default: sagemaker-reward'],
      ['Timeout', 'failed', /Default: 900/, 'Default: 60'],
      ['Timeout', 'warning', /Default: 900/, 'Default: 300'],
      ['Runtime', 'failed', /nodejs24\.x/, 'nodejs18.x'],
      ['Provisioned concurrency', 'warning', /Default: 100/, 'Default: 0'],
      ['Log retention', 'warning', /RetentionInDays: .*/, ''],
      ['Execution role, sagemaker', 'failed', /sagemaker\.amazonaws\.com/, 'glue.amazonaws.com'],
      [
        'Execution role, bedrock',
        'failed',
        /ManagedPolicyArns: \[ ?!Ref InvokePolicy, !Ref DataPolicy ?\]\n\nOutputs/,
        'MaxSessionDuration: 3600\n\nOutputs',
      ],
      ["Function's role", 'failed', /bedrock:InvokeModel/, 'bedrock:GetFoundationModel'],
      ['Least privilege', 'warning', /Resource: !GetAtt LogGroup.Arn/, "Resource: '*'"],
      ['Memory', 'warning', /Default: 512\n.*Megabytes;/, 'Default: 72\n    Description: Megabytes;'],
    ];
    for (const [what, level, from, to] of worse) {
      expect(template).toMatch(from);
      const changed = file('worse.yaml', template.replace(from, to));
      const { levels, code } = await doctor(path, '--template', changed);
      expect([what, levels[what], code]).toEqual([what, level, level === 'failed' ? 1 : 0]);
    }
    expect((await doctor(path, '--template', join(folder, 'none.yaml'))).code).toBe(2);
  });

  it('compares a recipe with the function, the data and one another', async () => {
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward-x';
    const recipe = (more: string, given = arn) =>
      file(
        'recipe.yaml',
        `run: { reward_lambda_arn: '${given}' }
training_config:
  max_length: 10240
  rollout:
    generator: { max_new_tokens: 8192 }
    rewards: { api_endpoint: { lambda_arn: '\${oc.select:run.reward_lambda_arn}', lambda_concurrency_limit: 100 } }
  ${more}
`,
      );
    const path = config(BEDROCK, 'reward: { abstention: { policy: neutral } }\n');
    const good = await doctor(path, '--recipe', recipe(''));
    expect([good.code, good.levels['reward_lambda_arn'], good.levels['Request size']]).toEqual([
      0,
      'ok',
      'ok',
    ]);

    const large = await doctor(path, '--recipe', recipe('lambda_batch_size: 128'));
    expect([large.code, large.levels['Request size']]).toEqual([1, 'failed']);
    expect(large.detail('Request size')).toMatch(/set lambda_batch_size to 100 or less/);

    const levelsOf = async (...given: Parameters<typeof recipe>) =>
      (await doctor(path, '--recipe', recipe(...given))).levels;
    expect((await levelsOf('', `${arn}:live`))['reward_lambda_arn']).toBe('warning');
    expect((await levelsOf('', arn.replace('SageMaker', 'sagemaker')))['reward_lambda_arn']).toBe('failed');
    expect((await levelsOf('', ''))['reward_lambda_arn']).toBe('failed');
    expect((await levelsOf('reasoning_effort: medium'))['reasoning_effort']).toBe('failed');
    expect((await levelsOf('max_length_: 1\nrl_env: { reward_lambda_arn: x }'))['rl_env']).toBe('failed');
    const busy = recipe('').replace('recipe', 'busy');
    writeFileSync(
      busy,
      readFileSync(join(folder, 'recipe.yaml'), 'utf8').replace('limit: 100', 'limit: 400'),
    );
    expect((await doctor(path, '--recipe', busy)).levels['Warm instances']).toBe('warning');
  });

  it('says what a local judge, a masked abstention and a key mean in AWS', async () => {
    const local = await doctor(config('model: local:policy'), '--aws');
    expect([local.code, local.levels['Judge in Lambda']]).toEqual([1, 'failed']);
    const here = await doctor(
      config('model: openai-compatible:m\n  base_url: http://127.0.0.1:8000/v1'),
      '--aws',
    );
    expect([here.code, here.detail('Judge in Lambda')]).toEqual([
      1,
      expect.stringMatching(/m at http:\/\/127\.0\.0\.1:8000\/v1, which is this machine/),
    ]);
    const keyed = await doctor(config('model: anthropic:claude-sonnet-4-5'), '--aws');
    expect(keyed.detail("Function's role")).toContain('must hold ANTHROPIC_API_KEY');
    expect(keyed.levels['Abstentions']).toBe('warning');
    expect(await doctor('--aws')).toMatchObject({
      code: 2,
      err: expect.stringContaining('touchstone.yaml: there is no such file') as string,
    });
  });

  it('reads every line of the data, as a run would', async () => {
    const fit = await doctor(config(BEDROCK));
    expect(fit.detail('Data')).toBe('every line can be read: train 120, eval 1');
    const path = config(BEDROCK).replace('touchstone.yaml', 'rows.yaml');
    writeFileSync(path, readFileSync(config(BEDROCK), 'utf8').replace('eval.jsonl', 'rows.jsonl'));
    const rows: [object | string, RegExp][] = [
      [{ prompt: 'q', completion: 'a' }, /rows\.jsonl:1: "completion": did you mean reference_answer/],
      ['question,answer', /rows\.jsonl:1: the file looks like CSV/],
      [{ messages: [user('why '.repeat(3000))] }, /leaves? no room|tokens/],
      [{ messages: [user('q0')], reference_answer: 'gold', document: 'd'.repeat(30_000) }, /train\.jsonl/],
    ];
    for (const [row, problem] of rows) {
      file('rows.jsonl', `${typeof row === 'string' ? row : JSON.stringify(row)}\n`);
      const { code, levels, detail } = await doctor(path);
      expect([code, levels['Data']]).toEqual([1, 'failed']);
      expect(detail('Data')).toMatch(problem);
    }
  });

  it('takes a configuration that has a reward only, and says what a run would need', async () => {
    const path = config(BEDROCK);
    const text = readFileSync(path, 'utf8').replace(/^(policy|data): .*\n/gm, '');
    writeFileSync(path, text);
    const { code, levels, detail } = await doctor(path, '--aws');
    expect(code).toBe(0);
    expect(levels).toMatchObject({ Training: 'warning', 'Training data': 'warning', Timeout: 'ok' });
    expect(detail('Training')).toMatch(/^only "touchstone run" needs it: \S+touchstone\.yaml:1:1: policy: /);

    writeFileSync(path, text.replace(/^judge:[^]*/m, 'reward: { checks: [{ type: length, max: 9 }] }'));
    expect((await doctor(path, '--aws')).detail('Judge in Lambda')).toBe('none: checks decide');
    // What the judge needs is no matter of training.
    writeFileSync(path, `${text}data: { labelled: none.jsonl }\n`);
    expect(await doctor(path)).toMatchObject({
      code: 2,
      err: expect.stringContaining('data.labelled: there is no such file') as string,
    });
  });

  it('says which key is missing, of the held-out judge too, and asks nothing', async () => {
    const heldout = `heldout_judge:
  model: openai-compatible:gpt-4.1-mini
  base_url: https://api.openai.com/v1
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
`;
    const { code, levels, detail, details } = await doctor(
      config('model: anthropic:claude-sonnet-4-5', heldout),
    );
    expect({ code, access: levels['Access'] }).toEqual({ code: 0, access: 'warning' });
    expect(detail('Access')).toMatch(/^anthropic:claude-sonnet-4-5: .* ANTHROPIC_API_KEY to your key/);
    expect(details('Access')[1]).toMatch(/^openai-compatible:gpt-4.1-mini: .* OPENAI_API_KEY to your key/);
  });
});

describe('doctor --event', () => {
  it('tells a good event from one that the reward cannot read', async () => {
    const path = config(BEDROCK);
    const answer = { role: 'assistant', content: 'a' };
    const event = (...samples: unknown[]) => file('event.json', JSON.stringify(samples));
    const good = event({ id: '1', messages: [user('q'), answer], document: 'd' });
    expect((await doctor(path, '--event', good)).levels).toMatchObject({ Event: 'ok', Inputs: 'ok' });
    const bad = await doctor(
      path,
      '--event',
      event({ id: '1', messages: [user('q'), answer] }, { id: '2', turns: [] }, { messages: [user('q')] }),
    );
    expect([bad.code, bad.levels]).toMatchObject([
      1,
      { Event: 'failed', Inputs: 'failed', Answers: 'warning' },
    ]);
    expect(bad.detail('Inputs')).toContain('metadata.document in 1 of 1');
    expect(bad.detail('Event')).toContain('1 of 3 samples cannot be read: 2: ');
  });
});

it('doctor opens the models that the configuration names', async () => {
  const path = config('model: local:policy');
  const what = 'policy.model policy';
  expect((await doctor(path)).detail(what)).toMatch(/^opens: [\d,]+ weights$/);
  const settings = readFileSync(join(folder, 'policy/tokenizer_config.json'), 'utf8');
  file('policy/tokenizer_config.json', settings.replace('chat_template', 'chat_template_v2'));
  const broken = await doctor(path);
  file('policy/tokenizer_config.json', settings);
  expect([broken.code, broken.levels[what], broken.levels['judge.model policy']]).toEqual([
    1,
    'failed',
    'failed',
  ]);
  expect(broken.detail(what)).toMatch(/has no chat_template/);
});

it('doctor --online asks the judge, and says why it does not answer', async () => {
  const respond = () => ({ text: '{"ok":true}', inputTokens: 20, outputTokens: 5 });
  const { url, provider, goDown } = await startProvider({ respond });
  const path = config(`model: openai-compatible:m\n  base_url: ${url}`);
  const what = 'Judge openai-compatible:m';
  const up = await doctor(path, '--online');
  expect([up.code, up.levels[what]]).toEqual([0, 'ok']);
  expect(up.detail(what)).toMatch(/^answered in \d+\.\d s; 20 tokens in, 5 out$/);
  provider.fate = () => ({ kind: 'error', status: 404 });
  const wrong = await doctor(path, '--online');
  expect([wrong.code, wrong.levels[what]]).toEqual([1, 'failed']);
  expect(wrong.detail(what)).toContain('check base_url');
  await goDown();
  expect((await doctor(path, '--online')).detail(what)).toContain('ECONNREFUSED');
});

describe('a line of training data', () => {
  const good = { messages: [user('q')], reference_answer: 'r' };
  const tool = {
    type: 'function',
    function: { name: 'f', description: 'd', parameters: { type: 'object', properties: {} } },
  };
  it.each<[object, string | undefined]>([
    [good, undefined],
    [{ ...good, tools: [tool], id: 'x', domain: 'law' }, undefined],
    [{ messages: good.messages }, undefined],
    [{ ...good, reference_answer: { text: 'r' } }, undefined],
    [{ ...good, id: ' ' }, 'id'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'assistant', content: 'a' }] }, 'a turn of the user'],
    [{ messages: [user('q'), { role: 'system', content: 's' }] }, 'must be the first'],
    [{ messages: [{ ...user('q'), name: 'n' }] }, 'the key "name"'],
    [{ messages: [{ role: 'nova_assistant', content: 'q' }] }, 'messages[0].role'],
    [{ messages: [user(' ')] }, 'messages[0].content'],
    [{ ...good, reference_answer: ['r'] }, 'reference_answer'],
    [{ ...good, reference_answer: {} }, 'reference_answer'],
    [{ ...good, tools: [] }, 'tools'],
    [{ ...good, tools: [tool, tool] }, 'twice'],
  ])('%j', (line, problem) => {
    const { message } = lineProblem(JSON.stringify(line));
    if (problem === undefined) expect(message).toBeUndefined();
    else expect(message).toContain(problem);
  });
});

const data = process.env['TOUCHSTONE_DATA'];
const samples = join(data ?? '', 'nova_forge_rft');
const missing = data === undefined || !existsSync(samples);
const why = missing ? ' (skipped: TOUCHSTONE_DATA does not point to the Nova Forge samples)' : '';
it.skipIf(missing)(`takes the lines that the Nova Forge SDK's validator takes${why}`, () => {
  const problemsOf = (name: string) =>
    readFileSync(join(samples, name), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => lineProblem(line).message);
  expect(problemsOf('rft_test_data.jsonl')).toEqual(Array.from({ length: 10 }));
  // Columns that the SDK makes messages of first.
  expect(problemsOf('unstructured_rft_data.jsonl').every((problem) => problem?.startsWith('messages'))).toBe(
    true,
  );
});
