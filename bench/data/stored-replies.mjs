#!/usr/bin/env node
/**
 * Stored replies of real judges through a reader of preferences in prose (of this benchmark alone), beside the parse that was published with them:
 *
 *     npm run bench:stored-replies -- --data DIR        DIR holds llmbar/ and pandalm/
 *
 * "says" is what a reply of LLMBar says by its own fixed sentence, which the prompts asked for: the reply is a label alone,
 * or "LABEL is better" occurs in it for one of the two only. A parse is right when it gives that. "gold" counts the
 * verdicts that agree with the human label. "guessed" counts verdicts for replies in which the sentence does not occur at
 * all. Exit code 1 when the stored parse does better, or anything was guessed.
 *
 * PandaLM stores no raw text, only what was read of it. Its replies are put together again in the format that its
 * judges were asked for (verdict, "### Reason:", "### Reference:"); an unreadable one was stored as "garbage" without
 * text.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parsePreferenceText } from './preference-text.mjs';
import { dataFolder, filesCalled, print, table } from './shared.mjs';

const data = dataFolder('llmbar', 'pandalm');
const excerpt = (text) => (text.length > 160 ? `…${text.slice(-160)}` : text).replace(/\s+/g, ' ');

/** Every completion that has a winner beside it, wherever it stands in the record. */
function completionsOf(value, swapped) {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => completionsOf(one, swapped));
  if ('completion' in value) return [{ text: value.completion[0], winner: value.winner ?? null, swapped }];
  return Object.entries(value).flatMap(([key, one]) => completionsOf(one, key.includes('True')));
}

/** By the sentence that the prompts asked for; null where it is not there or names both. */
function saysPlainly(text) {
  const names = ['(a)', '(b)'].map((name) => `Output ${name}`);
  const alone = names.indexOf(text.trim());
  const found = names.map((name, i) => alone === i || (alone < 0 && text.includes(`${name} is better`)));
  return found[0] === found[1] ? null : found[0] ? 'first' : 'second';
}

function llmbar() {
  const rows = new Map();
  const listed = { both: [], neither: [], missed: [], stored: 0 };
  for (const file of filesCalled(path.join(data, 'llmbar'), 'result.json')) {
    const [judge, strategy] = file.split(path.sep).slice(-3);
    const name = `${judge} ${strategy}`;
    const row = rows.get(name) ?? {
      n: 0,
      says: 0,
      stored: 0,
      ours: 0,
      storedRight: 0,
      right: 0,
      guessed: 0,
      storedGold: 0,
      gold: 0,
    };
    rows.set(name, row);
    for (const { label, results } of JSON.parse(readFileSync(file, 'utf8'))) {
      for (const { text, winner, swapped } of completionsOf(results, false)) {
        const parsed = parsePreferenceText(text, { first: 'Output (a)', second: 'Output (b)' });
        const says = saysPlainly(text);
        const place = (preference) => ((preference === 'first') === swapped ? '2' : '1');
        const ours = parsed.preferred === undefined ? null : place(parsed.preferred);
        const stored = winner === '1' || winner === '2' ? winner : null;
        row.n++;
        row.says += Number(says !== null);
        row.stored += Number(stored !== null);
        row.ours += Number(ours !== null);
        row.storedRight += Number(says !== null && stored === place(says));
        row.right += Number(says !== null && ours === place(says));
        row.storedGold += Number(stored === `${label}`);
        row.gold += Number(ours === `${label}`);
        const entry = `${name}: stored ${stored ?? '-'}, ours ${ours ?? `- (${parsed.problem})`}: ${excerpt(text)}`;
        const isSilent = says === null && !/Output \([ab]\) is better/.test(text);
        row.guessed += Number(isSilent && ours !== null);
        if (says === null && ours !== null) listed.both.push(entry);
        if (says === null && ours === null && stored !== null) listed.neither.push(entry);
        if (says !== null && ours !== place(says)) listed.missed.push(entry);
        if (says !== null && stored !== place(says)) listed.stored++;
      }
    }
  }
  const all = [...rows.values()].reduce((sum, row) =>
    Object.fromEntries(Object.keys(row).map((key) => [key, sum[key] + row[key]])),
  );
  print(`LLMBar: ${all.n} raw replies\n`);
  print(
    table(
      [
        'judge, strategy',
        'replies',
        'says',
        'stored parse',
        'right',
        'our parse',
        'right',
        'gold: stored',
        'ours',
        'guessed',
      ],
      [...[...rows].filter(([, { n }]) => n > 0), ['all', all]].map(([name, r]) => [
        name,
        r.n,
        r.says,
        r.stored,
        r.storedRight,
        r.ours,
        r.right,
        r.storedGold,
        r.gold,
        r.guessed,
      ]),
    ),
  );
  print(`\nThe stored parse contradicts the reply's own sentence ${listed.stored} times.`);
  for (const [title, entries] of [
    ['The sentence occurs, and we read no verdict: it is denied, or the reply was cut off', listed.missed],
    ['The sentence occurs for both, and we read one: the other is restricted', listed.both],
    ['The sentence occurs for both, and we read none; the stored parse has a winner', listed.neither],
  ]) {
    print(`\n${title}: ${entries.length}`);
    for (const entry of entries) print(`  ${entry}`);
  }
  return all;
}

/** What most of the three annotators say; null where each says something else. */
function majority({ annotator1, annotator2, annotator3 }) {
  const [a, b, c] = [annotator1, annotator2, annotator3].map((one) => ['tie', 'first', 'second'][one]);
  return a === b || a === c ? a : b === c ? b : null;
}

function pandalm() {
  const people = JSON.parse(readFileSync(path.join(data, 'pandalm', 'testset-v1.json'), 'utf8'));
  const gold = new Map(people.map((record) => [record.idx, majority(record)]));
  const rows = [
    { model: 'gpt-3.5-turbo', prefix: 'gpt', meanings: { 1: 'first', 2: 'second', Tie: 'tie' } },
    { model: 'pandalm-7b', prefix: 'pandalm', meanings: { 1: 'first', 2: 'second', 0: 'tie' } },
  ].map(({ model, prefix, meanings }) => {
    const records = JSON.parse(readFileSync(path.join(data, 'pandalm', `${model}-testset-v1.json`), 'utf8'));
    const row = {
      n: 0,
      stored: 0,
      right: 0,
      garbage: 0,
      guessed: 0,
      storedGold: 0,
      gold: 0,
      contradicted: [],
    };
    for (const record of records) {
      const stored = meanings[`${record[`${prefix}_result`]}`] ?? null;
      const [reason, reference] = [record[`${prefix}_reason`], record[`${prefix}_reference`]];
      const verdict = stored === 'tie' ? 'Tie' : record[`${prefix}_result`];
      const text =
        stored === null ? reason : `${verdict}\n\n### Reason: ${reason}\n\n### Reference: ${reference}`;
      const { preferred = null, problem } = parsePreferenceText(text, {
        first: '1',
        second: '2',
        tie: 'Tie',
      });
      const most = gold.get(record.idx);
      row.storedGold += Number(stored !== null && stored === most);
      row.gold += Number(preferred !== null && preferred === most);
      row.n++;
      row.stored += Number(stored !== null);
      row.garbage += Number(stored === null);
      row.right += Number(stored !== null && preferred === stored);
      row.guessed += Number(preferred !== null && preferred !== stored);
      if (stored !== null && preferred !== stored)
        row.contradicted.push(`${stored}, ours ${preferred ?? problem}: ${excerpt(reason)}`);
    }
    return { model, ...row };
  });
  print('\nPandaLM: replies put together from their stored parts\n');
  print(
    table(
      [
        'judge',
        'replies',
        'stored parse',
        'our parse equal',
        'gold: stored',
        'ours',
        'unreadable',
        'guessed',
      ],
      rows.map((r) => [r.model, r.n, r.stored, r.right, r.storedGold, r.gold, r.garbage, r.guessed]),
    ),
  );
  for (const { model, contradicted } of rows) {
    for (const entry of contradicted) print(`  ${model}: stored ${entry}`);
  }
  return rows;
}

const first = llmbar();
const second = pandalm();
const failures = [
  ...(first.right < first.storedRight ? ['LLMBar: the stored parse is right more often'] : []),
  ...(first.gold < first.storedGold ? ['LLMBar: the stored parse agrees with people more often'] : []),
  ...(first.guessed > 0 ? [`LLMBar: ${first.guessed} verdicts were guessed`] : []),
  ...(second.some((row) => row.gold < row.storedGold)
    ? ['PandaLM: the stored parse agrees with people more often']
    : []),
  ...(second.some(({ guessed }) => guessed > 0) ? ['PandaLM: a verdict was guessed'] : []),
];
print(failures.length === 0 ? '\nok' : `\n${failures.join('\n')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
