import { ruleJudge, startProvider } from '@touchstone/testing';
import { smallRun, summaryOf, train } from './small-run.testing.js';
import { PYTHON } from './trl-python.testing.js';

export const STEPS = 12;

/** Likes the letter e: something that a random model of one layer can learn in some steps. */
const likesE = ruleJudge((candidate, { prompt }) => {
  const [, lowest] = /"score":(\d+)/.exec(prompt)!;
  const letters = [...candidate];
  const share = letters.filter((letter) => letter === 'e').length / Math.max(1, letters.length);
  return { Length: Number(lowest) * (1 + Math.min(4, Math.floor(share * 20))) };
});

/** A judge for runs that TRL trains, which are told apart by `run.name`: a question of another run is another one to pay for. */
export async function startTrlJudge() {
  const run = { name: 'straight' };
  const endpoint = await startProvider({
    respond: likesE,
    sampleOf: ({ model, prompt, request }) => JSON.stringify([run.name, model, prompt, request.seed]),
  });
  const { provider } = endpoint;
  const counts = () => provider.ledger.counts;
  return {
    endpoint,
    run,
    counts,
    answerAll: () => void (provider.fate = () => ({ kind: 'reply' })),
    /** Kills when so many more replies have gone out: one call is in flight at a time, so every earlier one has been received. */
    killAfter(replies: number, kind: 'hang' | 'reply', kill: () => void) {
      const stopAt = counts().useful + counts().redundant + replies;
      let killed = false;
      provider.fate = () => {
        if (killed || counts().useful + counts().redundant < stopAt) return { kind: 'reply' };
        killed = true;
        kill();
        return { kind };
      };
    },
    /** The folder of a run that learns to write the letter e. */
    prepare: (training: object = {}) =>
      smallRun(endpoint.url, (config) => {
        Object.assign(config['training']!, {
          backend: 'trl',
          trl: { python: PYTHON },
          steps: STEPS,
          prompts_per_step: 4,
          group_size: 8,
          learning_rate: 0.03,
          checkpoint_every: 4,
          ...training,
        });
        delete config['training']!['sft'];
        delete config['heldout_judge'];
      }),
  };
}

/** Runs a folder to its end with nothing in the way. @returns the verdicts that it needed. */
export async function runStraight(
  judge: Awaited<ReturnType<typeof startTrlJudge>>,
  folder: string,
): Promise<number> {
  const { code, err } = await train(folder);
  if (code !== 0) throw new Error(err);
  return judge.counts().useful;
}

/** By how much the mean reward of the last four steps is above that of the first four. */
export function rise(folder: string): number {
  const rewards = summaryOf(folder).steps.map(({ metrics }) => metrics['reward']!);
  const mean = (some: number[]) => some.reduce((a, b) => a + b, 0) / some.length;
  return mean(rewards.slice(-4)) - mean(rewards.slice(0, 4));
}

/** What the steps of a run came to, without how long they took. */
export const figures = (folder: string) => summaryOf(folder).steps.map(({ seconds: _, ...step }) => step);
