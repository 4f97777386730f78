import { describe, expect, it } from 'vitest';
import { parseRewardEvent } from './event.js';

const system = { role: 'system', content: 'You review contracts.' };
const user = { role: 'user', content: 'Review clause 4.' };
const text = (value: string) => [{ type: 'text', text: value }];
const parseOne = (sample: unknown) => parseRewardEvent([sample])[0]!;

describe('every shape AWS sends a sample in', () => {
  it.each<[string, object, object]>([
    [
      'Nova training: SageMaker training job, HyperPod',
      {
        id: '123',
        messages: [user, { role: 'assistant', content: 'the answer' }],
        reference_answer: { compliant: 'No' },
        my_custom_field: 'x',
      },
      { task: { messages: [user], reference: { compliant: 'No' }, metadata: { my_custom_field: 'x' } } },
    ],
    [
      'Nova training: Bedrock',
      {
        id: '123',
        messages: [system, user, { role: 'assistant', content: 'the answer' }],
        metadata: { reference_answer: 'gold', domain: 'law' },
      },
      { task: { messages: [system, user], reference: 'gold', metadata: { domain: 'law' } } },
    ],
    [
      'Nova evaluation',
      {
        id: '123',
        messages: [
          { role: 'user', content: text('Review clause 4.') },
          { role: 'nova_assistant', content: text('the answer') },
        ],
        reference_answer: 'gold',
      },
      { task: { messages: [user], reference: 'gold' } },
    ],
    [
      'custom scorer, OpenAI data set that ends with the ground truth',
      {
        id: 0,
        messages: [
          system,
          user,
          { role: 'assistant', content: 'the ground truth' },
          { role: 'assistant', content: 'the answer' },
        ],
        reference_answer: { text: 'gold' },
      },
      { task: { messages: [system, user], reference: { text: 'gold' } } },
    ],
    [
      'custom scorer, verl data set',
      {
        data_source: 'customized',
        prompt: [system, user],
        response: 'the answer',
        reward_model: { style: 'rule', ground_truth: 'other' },
        extra_info: { index: 7, reference_answer: { text: 'gold' }, document: 'd' },
      },
      {
        task: {
          messages: [system, user],
          reference: { text: 'gold' },
          metadata: { data_source: 'customized', index: 7, document: 'd' },
        },
      },
    ],
    [
      'custom scorer, verl data set whose reference is the ground truth',
      {
        prompt: [user],
        response: 'the answer',
        reward_model: { ground_truth: 'gold' },
        extra_info: { reference_answer: { text: '' } },
      },
      { task: { messages: [user], reference: 'gold' } },
    ],
    [
      'custom scorer, Hugging Face prompt-completion data set',
      {
        id: 'r1',
        prompt: 'Review clause 4.',
        completion: 'the answer',
        reference_answer: { text: '' },
        document: 'd',
      },
      { task: { messages: [user], reference: null, metadata: { document: 'd' } } },
    ],
    [
      'the same, conversational',
      { prompt: [user], completion: [{ role: 'assistant', content: 'the answer' }] },
      { task: { messages: [user] } },
    ],
    [
      'custom scorer, Hugging Face preference data set',
      {
        prompt: 'Review clause 4.',
        completion: 'the answer',
        chosen: 'good',
        rejected: 'bad',
        reference_answer: { text: 'good' },
      },
      {
        task: {
          messages: [user],
          reference: { text: 'good' },
          metadata: { chosen: 'good', rejected: 'bad' },
        },
      },
    ],
    [
      'custom scorer, SageMaker data set',
      {
        system: 'You review contracts.',
        query: 'Review clause 4.',
        response: 'gold',
        model_response: 'the answer',
        reference_answer: { text: '' },
        metadata: { document: 'd' },
      },
      { task: { messages: [system, user], reference: 'gold', metadata: { document: 'd' } } },
    ],
    [
      'the same without a system prompt',
      {
        system: '',
        query: 'Review clause 4.',
        model_response: 'the answer',
        reference_answer: { text: 'gold' },
      },
      { task: { messages: [user], reference: { text: 'gold' } } },
    ],
  ])('%s', (_, sample, expected) => {
    const { rollout, problem, id } = parseOne(sample);
    expect(problem).toBeUndefined();
    expect(rollout).toMatchObject({ response: 'the answer', ...expected });
    expect(id).toEqual('id' in sample ? sample.id : expect.stringMatching(/^task-[0-9a-f]{16}-0$/));
    // The answer and the ground truth are nowhere that a prompt could show them by accident.
    expect(JSON.stringify(rollout!.task)).not.toMatch(/the answer|ground truth/);
  });

  it('has no answer yet where the key is missing, and an empty one where it is empty', () => {
    for (const sample of [
      { prompt: 'q' },
      { query: 'q', response: 'gold' },
      { prompt: 'q', completion: null },
    ]) {
      expect(parseOne(sample)).toMatchObject({ rollout: null });
      expect(parseOne(sample)).not.toHaveProperty('problem');
    }
    expect(parseOne({ prompt: 'q', completion: '' }).rollout?.response).toBe('');
    expect(parseOne({ query: 'q', model_response: '' }).rollout?.response).toBe('');
  });

  it('says so of a shape that it does not know', () => {
    expect(parseOne({ id: 'x', input: 'q' }).problem).toContain('expected messages as a list of turns');
    expect(parseOne({ id: 'x', query: '' }).problem).toContain('messages');
  });
});
