#!/usr/bin/env node
/**
 * Turns ContractNLI (Koreeda & Manning 2021) into tasks for Touchstone:
 *
 *     node examples/contract-nli/prepare.mjs PATH/TO/dev.json runs/contract-nli [--judge provider:model --base-url URL]
 *
 * A task is a window of consecutive clauses of one NDA, a guideline (one of the 17 hypotheses), and the gold evidence.
 * Documents, and not tasks, are split: no NDA is in both training and evaluation.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Characters of a window: the small policy of the quickstart has 2,048 positions and has never seen a longer text. */
const WINDOW = 700;
const EVALUATION_SHARE = 0.3;

const here = path.dirname(fileURLToPath(import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    judge: { type: 'string' },
    'base-url': { type: 'string' },
    'api-key-env': { type: 'string' },
    steps: { type: 'string', default: '20' },
  },
});
const [source, out] = positionals;
if (!source || !out) {
  console.error('usage: prepare.mjs PATH/TO/dev.json OUT_FOLDER [--judge provider:model] [--base-url URL]');
  process.exit(2);
}

let corpus;
try {
  corpus = JSON.parse(await readFile(source, 'utf8'));
} catch (error) {
  console.error(`${source}: cannot be read as ContractNLI's JSON: ${error.message}`);
  process.exit(2);
}
if (!Array.isArray(corpus?.documents) || typeof corpus.labels !== 'object') {
  console.error(`${source}: expected "documents" and "labels", as in ContractNLI's dev.json`);
  process.exit(2);
}

const clean = (text) => text.replace(/\s+/g, ' ').trim();

/** A window of clauses around the evidence (or, where there is none, around a clause that the ids pick), or null. */
function windowOf(clauses, evidence, salt) {
  const first = evidence.length > 0 ? Math.min(...evidence) : salt % clauses.length;
  const last = evidence.length > 0 ? Math.max(...evidence) : first;
  let [from, to] = [first, last];
  const size = () => clauses.slice(from, to + 1).reduce((sum, clause) => sum + clause.length + 4, 0);
  if (size() > WINDOW) return null;
  for (let grow = true; grow;) {
    grow = false;
    for (const side of salt % 2 === 0 ? ['after', 'before'] : ['before', 'after']) {
      const [oldFrom, oldTo] = [from, to];
      if (side === 'after' && to + 1 < clauses.length) to += 1;
      if (side === 'before' && from > 0) from -= 1;
      if (size() > WINDOW) [from, to] = [oldFrom, oldTo];
      else if (from !== oldFrom || to !== oldTo) grow = true;
    }
  }
  return { from, to };
}

function tasksOf(document) {
  const clauses = document.spans.map(([start, end]) => clean(document.text.slice(start, end)));
  const annotations = document.annotation_sets[0].annotations;
  return Object.entries(annotations).flatMap(([label, { choice, spans }], index) => {
    const window = windowOf(clauses, spans, document.id * 31 + index * 7);
    if (!window || window.to === window.from) return [];
    const numbered = clauses
      .slice(window.from, window.to + 1)
      .map((clause, i) => `${i + 1}. ${clause}`)
      .join('\n');
    const guideline = clean(corpus.labels[label].hypothesis);
    return [
      {
        id: `nda-${document.id}-${label}`,
        messages: [
          {
            role: 'user',
            content: `TargetDocument:\n${numbered}\nReference:\n${guideline}\nReview the TargetDocument in JSON.`,
          },
        ],
        reference_answer: guideline,
        document: numbered,
        truth: { choice, evidence: spans.map((span) => clauses[span]), guideline },
      },
    ];
  });
}

const documents = corpus.documents.toSorted((a, b) => a.id - b.id);
const cut = Math.round(documents.length * (1 - EVALUATION_SHARE));
const train = documents.slice(0, cut).flatMap(tasksOf);
const evaluation = documents.slice(cut).flatMap(tasksOf);

/** Answers whose labels follow from the gold evidence: what it quotes, and whether the type is right. */
function labelledOf(tasks) {
  return tasks
    .filter(({ truth }) => truth.evidence.length > 0)
    .map(({ truth, ...task }, n) => {
      const right = truth.choice === 'Entailment' ? 'compliant' : 'risk';
      const quotesReference = n % 3 === 1;
      const wrongType = n % 3 === 2;
      const comment = {
        comment_id: '1',
        text_excerpt: quotesReference ? truth.guideline : truth.evidence[0],
        comment_type: wrongType ? (right === 'risk' ? 'compliant' : 'risk') : right,
        comment: `The clause ${wrongType === (right === 'risk') ? 'meets' : 'contradicts'} the Reference.`,
        action: 'Review it.',
      };
      return {
        ...task,
        response: JSON.stringify([comment]),
        labels: [
          { TargetDocument_Grounding: quotesReference ? 1 : 5, Reference_Consistency: wrongType ? 1 : 5 },
        ],
      };
    })
    .slice(0, 60);
}

const data = path.join(out, 'data');
await mkdir(data, { recursive: true });
const lines = (name, items) =>
  writeFile(path.join(data, name), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
await lines(
  'train.jsonl',
  train.map(({ truth: _, ...task }) => task),
);
await lines('eval.jsonl', evaluation);
await lines('labelled.jsonl', labelledOf(train));
await writeFile(path.join(out, 'review.schema.json'), await readFile(path.join(here, 'review.schema.json')));
await writeFile(path.join(out, 'truth.mjs'), await readFile(path.join(here, 'truth.mjs')));

const template = await readFile(path.join(here, 'touchstone.template.yaml'), 'utf8');
const models = path.relative(out, path.join(here, '../quickstart/models'));
const remote = values.judge && [
  `model: ${values.judge}`,
  ...(values['base-url'] ? [`base_url: ${values['base-url']}`] : []),
  ...(values['api-key-env'] ? [`api_key_env: ${values['api-key-env']}`] : []),
  'max_tokens: 1024',
];
const local = [
  `model: local:${models}/judge`,
  'max_tokens: 192',
  'prompt: "TargetDocument:\\n{{document}}\\nReference:\\n{{reference}}\\nComment:\\n{{item}}\\nJudge the comment. Marker {{marker}}"',
];
const config = template
  .replaceAll('MODELS', models)
  .replace('STEPS', values.steps)
  // The small judge has no verdict on any of them: an examination would end the run before it has shown that.
  .replace('  labelled: data/labelled.jsonl\n', remote ? '  labelled: data/labelled.jsonl\n' : '')
  .replace('  JUDGE_MODEL', (remote || local).map((line) => `  ${line}`).join('\n'));
await writeFile(path.join(out, 'touchstone.yaml'), config);
console.log(
  `${train.length} training tasks, ${evaluation.length} held-out tasks. Next: touchstone run ${out}`,
);
