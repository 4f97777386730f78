import { openModel } from '@touchstone/core';
import { TouchstoneError, type ModelRequest } from '@touchstone/spec';
import { modelsOf, type JudgeModel } from '../config/judge-models.js';
import type { Loaded } from '../config/load.js';
import type { ScoringConfig } from '../config/schema.js';
import { systemClock } from '../clock.js';
import { localModels } from '../workspace/local-model.js';
import { moduleUrl } from '../workspace/module-url.js';
import { failed, ok, warning, type Finding } from './finding.js';

type Env = Record<string, string | undefined>;

const TIMEOUT_MS = 60_000;

/** A question as small as a question can be, with a reply in JSON as judges are asked for. */
const PROBE: Omit<ModelRequest, 'signal'> = {
  messages: [{ role: 'user', content: 'Reply with the JSON object {"ok": true} and nothing else.' }],
  maxOutputTokens: 64,
  temperature: 0,
  seed: 1,
  schema: {
    type: 'object',
    properties: { ok: { type: 'boolean' } },
    required: ['ok'],
    additionalProperties: false,
  },
};

/** Asks every model of the judges one tiny question, which costs a few tokens. */
export async function examineOnline(loaded: Loaded<ScoringConfig>, env: Env): Promise<Finding[]> {
  const resources = resourcesOf(loaded, env);
  return Promise.all(modelsOfJudges(loaded).map((model) => askOnce(model, resources)));
}

/** What the models of other machines that judge lack to be asked from here, such as a key; nothing is asked. */
export async function examineAccess(loaded: Loaded<ScoringConfig>, env: Env): Promise<Finding[]> {
  const elsewhere = modelsOfJudges(loaded).filter(({ provider }) => !provider.isLocal);
  const findings: Finding[] = [];
  for (const { config } of elsewhere) {
    try {
      await openModel(config, resourcesOf(loaded, env));
    } catch (error) {
      if (!TouchstoneError.is(error)) throw error;
      findings.push(warning('Access', `${error.message}; until then this machine cannot ask it`));
    }
  }
  if (findings.length === 0 && elsewhere.length > 0) {
    const names = elsewhere.map(({ id }) => id).join(', ');
    findings.push(
      ok('Access', `whether ${names} can be reached was not tried: --online asks each one tiny question`),
    );
  }
  return findings;
}

const resourcesOf = ({ config, baseDir }: Loaded<ScoringConfig>, env: Env) => ({
  env,
  baseDir,
  moduleUrl,
  localModel: localModels(config.engine),
});

/** Those of the held-out judge too, each once. */
function modelsOfJudges({ config: { judge, heldout_judge: heldout } }: Loaded<ScoringConfig>): JudgeModel[] {
  const models = [...modelsOf(judge), ...modelsOf(heldout)];
  return [...new Map(models.map((model) => [`${model.id} ${model.baseUrl ?? ''}`, model])).values()];
}

async function askOnce(judge: JudgeModel, resources: Parameters<typeof openModel>[1]): Promise<Finding> {
  const what = `Judge ${judge.id}`;
  try {
    const model = await openModel(judge.config, resources);
    const begun = systemClock.seconds();
    const reply = await model.generate({ ...PROBE, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const seconds = systemClock.seconds() - begun;
    return ok(
      what,
      `answered in ${seconds.toFixed(1)} s; ${reply.inputTokens} tokens in, ${reply.outputTokens} out`,
    );
  } catch (error) {
    return failed(what, error instanceof Error ? error.message : String(error));
  }
}
