import { judgeSchema, rewardSchema } from '@touchstone/core';
import { describe, expect, it } from 'vitest';
import { convertGrader } from './convert.js';
import { graderFileSchema } from './schema.js';
import { convertTemplate } from './template.js';

const convert = (grader: object) => {
  const converted = convertGrader(graderFileSchema.parse(grader));
  // What is written must be a configuration.
  rewardSchema.parse(converted.reward);
  if (converted.judge) judgeSchema.parse(converted.judge);
  return converted;
};
const check = {
  type: 'string_check',
  name: 'type',
  input: '{{sample.output_json.type}}',
  reference: '{{item.type}}',
  operation: 'eq',
};
const similarity = {
  type: 'text_similarity',
  name: 'text',
  input: '{{ sample.output_text }}',
  reference: '{{item.reference_answer}}',
  evaluation_metric: 'rouge_l',
};
const model = {
  type: 'score_model',
  name: 'quality',
  model: 'gpt-4o',
  input: [
    { role: 'developer', content: 'Grade from 1 to 5.' },
    { role: 'user', content: [{ type: 'input_text', text: '{{sample.output_text}}' }] },
  ],
  range: [1, 5],
  sampling_params: { seed: 42, temperature: 0.5, max_completions_tokens: 300, top_p: 0.9 },
  pass_threshold: 3,
};

describe('a grader becomes a configuration', () => {
  it('of one check', () => {
    expect(convert(check)).toEqual({
      name: 'type',
      reward: {
        checks: [
          {
            type: 'string-check',
            name: 'type',
            input: '{{response.type}}',
            reference: '{{metadata.type}}',
            operation: 'eq',
            weight: 1,
          },
        ],
      },
      warnings: [],
    });
    expect(convert(similarity).reward).toMatchObject({
      checks: [
        { type: 'text-similarity', input: '{{response}}', reference: '{{reference}}', metric: 'rouge_l' },
      ],
    });
  });

  it('of a judge, with what it takes and a word on the rest', () => {
    expect(convert(model)).toEqual({
      name: 'quality',
      seed: 42,
      judge: {
        kind: 'score-model',
        model: 'openai-compatible:gpt-4o',
        base_url: 'https://api.openai.com/v1',
        api_key_env: 'OPENAI_API_KEY',
        messages: [
          { role: 'system', content: 'Grade from 1 to 5.' },
          { role: 'user', content: '{{response}}' },
        ],
        range: [1, 5],
        max_tokens: 300,
        temperature: 0.5,
      },
      reward: {},
      warnings: [
        'pass_threshold 3: a reward is a number and has no pass mark; not carried over',
        'sampling_params.top_p: not carried over',
      ],
    });
    const label = {
      ...model,
      type: 'label_model',
      range: undefined,
      labels: ['good', 'bad'],
      passing_labels: ['good'],
      model: 'o3-mini',
    };
    const { judge, warnings } = convert(label);
    expect(judge).toMatchObject({
      kind: 'label-model',
      labels: ['good', 'bad'],
      passing_labels: ['good'],
      // OpenAI's reasoning models refuse any.
      temperature: null,
    });
    expect(warnings.join()).not.toContain('temperature');
  });

  it('of a formula over checks and a judge, on its own range', () => {
    const { judge, reward, warnings } = convert({
      type: 'multi',
      name: 'both',
      graders: { exact: check, quality: model, spare: similarity },
      calculate_output: '2 * exact + quality / 5',
    });
    expect(judge).toMatchObject({ range: [1, 5] });
    expect(reward).toMatchObject({
      checks: [{ type: 'string-check', name: 'exact' }],
      formula: { expression: '2 * exact + (1 + 4 * judge) / 5', range: [0, 3] },
    });
    expect(warnings).toContainEqual('graders.spare: calculate_output does not use it; left out');
    expect(warnings).toContainEqual(expect.stringContaining('reaches from 0 to 3'));
  });

  it.each([
    [
      { type: 'python', source: 'def grade(sample, item): return 1' },
      'port its grade(sample, item) to a check',
    ],
    [{ ...similarity, evaluation_metric: 'bleu' }, 'evaluation_metric bleu: a BLEU of one sentence'],
    [{ ...similarity, evaluation_metric: 'cosine' }, 'compares embeddings'],
    [{ ...check, input: '{{sample.output_tools}}' }, 'answers of Touchstone are text'],
    [{ ...check, input: '{{item.truth}}' }, 'rename the field'],
    [{ ...check, input: '{{ item.x | upper }}' }, 'filters and calls are not known'],
    [
      { type: 'multi', graders: { a: model, b: model }, calculate_output: 'a + b' },
      'a and b: a reward has one judge',
    ],
    [{ type: 'multi', graders: { a: check }, calculate_output: 'a + z' }, 'there is no grader "z"'],
    [
      { type: 'multi', graders: { a: check }, calculate_output: 'a if a else 0' },
      'calculate_output: the formula',
    ],
    [
      {
        type: 'multi',
        graders: { a: { ...similarity, evaluation_metric: 'meteor' } },
        calculate_output: 'a',
      },
      'graders.a: evaluation_metric meteor',
    ],
  ])('or says why not (%#)', (grader, message) => expect(() => convert(grader)).toThrow(message));

  it('maps places of the data line and the sample', () => {
    expect(
      convertTemplate(
        "{{item.a.b}} {{ item['a'][0] }} {{item.metadata.c}} {{item.reference_answer.d}} {{item.prompt}}",
      ),
    ).toBe('{{metadata.a.b}} {{metadata.a.0}} {{metadata.c}} {{reference.d}} {{prompt}}');
    expect(convertTemplate('{"x": {{sample.output_json}}}')).toBe('{"x": {{response_json}}}');
  });
});
