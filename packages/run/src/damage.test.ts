import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TouchstoneError, type Summary } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { figuresOf, NO_GATE, runSmall, STEPS, writeSmallRun } from './small-run.testing.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-damage-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Moments at which a run is killed: its folder as it is then, write-ahead log and all. */
const MOMENTS = {
  'after step 2': (type: string, stage: string, step: number) =>
    type === 'step' && step === 2 && stage !== '',
  'before the trained model is evaluated': (type: string, stage: string) =>
    type === 'stage-started' && stage === 'evaluate rft',
  'after look 2 of fine-tuning': (type: string, stage: string, step: number) =>
    type === 'progress' && stage === 'train sft' && step === 2,
  'before the fine-tuned model is evaluated': (type: string, stage: string) =>
    type === 'stage-started' && stage === 'evaluate sft',
  'after the end': () => false,
} as const;
type Moment = keyof typeof MOMENTS;

const folderAt = (moment: Moment): string => join(root, moment.replaceAll(' ', '-'));
let expected: Summary;

beforeAll(async () => {
  const whole = join(root, 'whole');
  await writeSmallRun(whole);
  expected = await runSmall(whole, (event) => {
    for (const [moment, isNow] of Object.entries(MOMENTS)) {
      const step = event.type === 'step' ? event.step.step : event.type === 'progress' ? event.done : 0;
      if (isNow(event.type, event.stage, step))
        cpSync(whole, folderAt(moment as Moment), { recursive: true });
    }
  });
  cpSync(whole, folderAt('after the end'), { recursive: true });
  // Another run of the same configuration: all that differs is which run it is.
  await writeSmallRun(join(root, 'twin'));
  await runSmall(join(root, 'twin'));
}, 120_000);

const checkpoint = (out: string, step: number): string => join(out, `checkpoints/step-00000${step}`);
const look = (out: string, step: number): string => join(out, `sft-checkpoints/step-00000${step}`);

/** Changes a file's bytes where a text stands in it, in place. */
function flip(file: string, text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(text);
  if (at < 0) throw new Error(`${file} has no ${text}`);
  bytes[at + text.length] = bytes[at + text.length]! ^ 1;
  writeFileSync(file, bytes);
}

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = bytes[at]! ^ 0x40;
  writeFileSync(file, bytes);
}

/** Changes the weights, and the manifest so that it fits them. */
function forge(folder: string): void {
  const weights = join(folder, 'model.safetensors');
  const manifest = join(folder, 'touchstone-manifest.json');
  const hash = (): string => createHash('sha256').update(readFileSync(weights)).digest('hex');
  const before = hash();
  flipByte(weights, 5000);
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(before, hash()));
}

/** Opens and closes run.db, which merges its write-ahead log. */
const merge = (out: string): void => openRun(out).close();

type Harm = (out: string) => void;

describe('a damaged folder gives the same figures, from an older checkpoint where need be, and says so', () => {
  test.each<[string, Moment, Harm, RegExp | null]>([
    [
      "the optimiser's state is cut short",
      'after step 2',
      (out) => truncateSync(join(checkpoint(out, 2), 'trainer/optimizer.safetensors'), 400),
      /step-000002: trainer\/optimizer\.safetensors has 400 bytes.*the one of step 1 is/,
    ],
    [
      'the weights are forged, with their manifest',
      'after step 2',
      (out) => forge(checkpoint(out, 2)),
      /step-000002: .*not the one that the run wrote/,
    ],
    [
      'a checkpoint of the twin',
      'after step 2',
      (out) => {
        rmSync(checkpoint(out, 2), { recursive: true });
        cpSync(checkpoint(join(root, 'twin/out'), 2), checkpoint(out, 2), { recursive: true });
      },
      /step-000002: .*not the one that the run wrote/,
    ],
    [
      'shards that were put beside the weights',
      'after step 2',
      (out) => writeFileSync(join(checkpoint(out, 2), 'model.safetensors.index.json'), '{"weight_map":{}}'),
      /model\.safetensors\.index\.json does not belong/,
    ],
    [
      'a checkpoint of a step that run.db does not have',
      'after step 2',
      (out) => cpSync(checkpoint(out, 2), checkpoint(out, 3), { recursive: true }),
      /step-000003: run\.db has only steps 1 to 2/,
    ],
    [
      'a file with the name of a checkpoint',
      'after step 2',
      (out) => writeFileSync(checkpoint(out, 9), ''),
      /step-000009/,
    ],
    [
      'the last checkpoint lacks its tokenizer',
      'before the trained model is evaluated',
      (out) => rmSync(join(checkpoint(out, STEPS), 'tokenizer.json')),
      /step-000003: tokenizer\.json is missing.*the one of step 2 is/,
    ],
    [
      'the newest checkpoint of fine-tuning is cut short',
      'after look 2 of fine-tuning',
      (out) => truncateSync(join(look(out, 2), 'trainer/optimizer.safetensors'), 400),
      /sft-checkpoints\/step-000002: trainer\/optimizer\.safetensors has 400 bytes.*the one of step 1 is/,
    ],
    ['nothing, in fine-tuning', 'after look 2 of fine-tuning', () => {}, null],
    ['config.yaml is cut short', 'after step 2', (out) => truncateSync(join(out, 'config.yaml'), 30), null],
    ['config.yaml is gone', 'after the end', (out) => rmSync(join(out, 'config.yaml')), null],
    ['summary.json is empty', 'after the end', (out) => truncateSync(join(out, 'summary.json'), 0), null],
    [
      'what a killed writer leaves',
      'after step 2',
      (out) => {
        writeFileSync(join(out, '.summary.json.01234567.partial'), '{');
        mkdirSync(join(out, 'checkpoints/.step-000003.89abcdef.partial'));
      },
      null,
    ],
    [
      'run.db and config.yaml are gone',
      'after step 2',
      (out) => {
        for (const end of ['', '-wal', '-shm']) rmSync(join(out, `run.db${end}`), { force: true });
        rmSync(join(out, 'config.yaml'));
      },
      /step-000001: run\.db has no step.*training starts from the beginning/,
    ],
  ])('%s', async (_, moment, harm, alarm) => {
    const folder = mkdtempSync(join(root, 'case-'));
    cpSync(folderAt(moment), folder, { recursive: true });
    harm(join(folder, 'out'));
    const summary = await runSmall(folder);
    expect(figuresOf(summary)).toEqual(figuresOf(expected));
    if (alarm) expect(summary.alarms.join('\n')).toMatch(alarm);
    else expect(summary.alarms).toEqual([NO_GATE]);
    expect(existsSync(join(folder, 'out/.summary.json.01234567.partial'))).toBe(false);
  });
});

describe('what would be another figure is refused, with the file and what to do, and again the next time', () => {
  test.each<[string, Moment, Harm, RegExp]>([
    [
      'two checkpoints have changed places',
      'after step 2',
      (out) => {
        renameSync(checkpoint(out, 1), checkpoint(out, 7));
        renameSync(checkpoint(out, 2), checkpoint(out, 1));
        renameSync(checkpoint(out, 7), checkpoint(out, 2));
      },
      /no checkpoint of this run holds.*step 1, 2.*Restore/,
    ],
    [
      'no checkpoint holds',
      'before the trained model is evaluated',
      (out) => {
        flipByte(join(checkpoint(out, 2), 'model.safetensors'), 3000);
        truncateSync(join(checkpoint(out, 3), 'config.json'), 0);
      },
      /step-000003: config\.json has 0 bytes.*step-000002: model\.safetensors .*SHA-256.*Restore/,
    ],
    [
      'the checkpoints lie behind a link',
      'after step 2',
      (out) => {
        renameSync(join(out, 'checkpoints'), `${out}-elsewhere`);
        symlinkSync(`${out}-elsewhere`, join(out, 'checkpoints'));
      },
      /checkpoints: expected a folder of the run's own, found a symbolic link/,
    ],
    [
      'a file where the checkpoints are expected',
      'after step 2',
      (out) => {
        rmSync(join(out, 'checkpoints'), { recursive: true });
        writeFileSync(join(out, 'checkpoints'), '');
      },
      /expected a folder of the run's own, found a file/,
    ],
    [
      'run.db is a link',
      'after step 2',
      (out) => {
        merge(out);
        renameSync(join(out, 'run.db'), `${out}-run.db`);
        symlinkSync(`${out}-run.db`, join(out, 'run.db'));
      },
      /run\.db: expected a file of the run's own, found a symbolic link/,
    ],
    [
      "the twin's run.db",
      'after step 2',
      (out) => {
        merge(out);
        cpSync(join(root, 'twin/out/run.db'), join(out, 'run.db'));
      },
      /config\.yaml and run\.db are of different runs.*Restore/,
    ],
    [
      'run.db is cut in half',
      'after the end',
      (out) => truncateSync(join(out, 'run.db'), Math.floor(readFileSync(join(out, 'run.db')).length / 2)),
      /run\.db is damaged.*restore/,
    ],
    [
      'run.db is gone',
      'after step 2',
      (out) => {
        for (const end of ['', '-wal', '-shm']) rmSync(join(out, `run.db${end}`), { force: true });
      },
      /config\.yaml and run\.db are of different runs/,
    ],
    [
      'run.db is gone, and its write-ahead log is not',
      'after step 2',
      (out) => rmSync(join(out, 'run.db')),
      /run\.db is damaged: it is empty or missing, while its write-ahead log is not/,
    ],
    [
      "a bit of a stored reward's score",
      'after the end',
      (out) => flip(join(out, 'run.db'), '"status":"scored","score":0.'),
      /run's database is damaged at (rewards|verdicts).*checksum/,
    ],
    [
      "a bit of a step's figures",
      'after the end',
      (out) => flip(join(out, 'run.db'), '"metrics":{"reward":0.'),
      /run's database is damaged at steps.*checksum/,
    ],
    [
      "the fine-tuned model's weights",
      'before the fine-tuned model is evaluated',
      (out) => flipByte(join(out, 'sft/model.safetensors'), 4000),
      /sft: model\.safetensors is not what was written.*Restore the folder "sft"/,
    ],
    [
      'no checkpoint of fine-tuning holds',
      'after look 2 of fine-tuning',
      (out) => {
        flipByte(join(look(out, 1), 'model.safetensors'), 3000);
        rmSync(join(look(out, 2), 'trainer/state.json'));
      },
      /step-000002: trainer\/state\.json is missing.*step-000001: model\.safetensors .*Restore the folder "sft-checkpoints"/,
    ],
    [
      'a folder in the place of summary.json',
      'after step 2',
      (out) => mkdirSync(join(out, 'summary.json')),
      /summary\.json: expected a file of the run's own, found a folder/,
    ],
  ])('%s', async (_, moment, harm, message) => {
    const folder = mkdtempSync(join(root, 'case-'));
    cpSync(folderAt(moment), folder, { recursive: true });
    harm(join(folder, 'out'));
    for (let time = 0; time < 2; time++) {
      const error: unknown = await runSmall(folder).catch((thrown: unknown) => thrown);
      expect(TouchstoneError.is(error) && error.message).toMatch(message);
    }
  });
});
