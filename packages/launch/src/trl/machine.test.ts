import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const GIB = 2 ** 30;
const BILLION = 1e9;

describe('touchstone_machine.py', () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-machine-'));
  beforeAll(() => {
    for (const name of ['scripted/touchstone_job.py', 'trl/touchstone_machine.py']) {
      const from = fileURLToPath(new URL(`../../templates/${name}`, import.meta.url));
      copyFileSync(from, join(folder, name.split('/')[1]!));
    }
    const settings = {
      run: 'r',
      prompts_per_step: 12,
      group_size: 2,
      micro_batch: 2,
      lora: null,
      grpo: { beta: 0 },
    };
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
  });

  /** What an expression comes to; nothing of PyTorch is imported. */
  const ask = (expression: string): unknown =>
    JSON.parse(
      execFileSync(
        process.env['TOUCHSTONE_PYTHON'] ?? 'python3',
        ['-c', `import json, touchstone_machine as m; print(json.dumps(${expression}))`],
        { cwd: folder, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }, encoding: 'utf8' },
      ),
    );

  it('divides what one GPU does not hold, and no more than needed', () => {
    const cases: [weights: number, gpus: number, gib: number, more: string, stage: number | null][] = [
      // 20 bytes a weight, of 80 % of what is free.
      [1, 8, 23, '', 2],
      [1, 8, 24, '', 0],
      [1, 8, 24, ', reference=True', 2],
      // One GPU has nobody to divide with: 16 bytes, or too little.
      [1, 1, 19, '', 0],
      [1, 1, 18, '', null],
      // vLLM takes three tenths of a GPU.
      [1, 8, 24, ', vllm=True', 2],
      // 2 + 14/8, and 16/8.
      [7, 8, 40, '', 2],
      [13, 8, 40, '', 3],
      [70, 8, 80, '', null],
      [8, 2, 80, '', 3],
      // Beside an adapter the weights are on each GPU, four bytes each.
      [13, 8, 80, ', adapter=True', 0],
      [20, 8, 80, ', adapter=True', null],
    ];
    const calls = cases.map(
      ([weights, gpus, gib, more]) => `m.zero_stage(${weights * BILLION}, ${gpus}, ${gib * GIB}${more})`,
    );
    expect(ask(`[${calls.join(', ')}]`)).toEqual(cases.map(([, , , , stage]) => stage));
  });

  it('starts as many processes as share the prompts of a step', () => {
    expect(ask('[m.processes_for(n) for n in (0, 1, 4, 5, 8)]')).toEqual([1, 1, 4, 4, 6]);
  });

  it('has weights gathered that DeepSpeed has divided, and takes all else from the trainer', () => {
    expect(ask('m.deepspeed_config(2)')).toMatchObject({
      bf16: { enabled: 'auto' },
      gradient_clipping: 'auto',
      gradient_accumulation_steps: 'auto',
      zero_optimization: { stage: 2 },
    });
    expect(ask('m.deepspeed_config(3)')).toMatchObject({
      zero_optimization: { stage: 3, stage3_gather_16bit_weights_on_model_save: true },
    });
  });

  it('says what to install where DeepSpeed is missing', () => {
    expect(
      ask('[m.lacking_for(0), setattr(m.importlib.util, "find_spec", lambda name: None), m.lacking_for(2)]'),
    ).toEqual([null, null, expect.stringMatching(/ZeRO stage 2.* -m pip install deepspeed==/)]);
  });
});
