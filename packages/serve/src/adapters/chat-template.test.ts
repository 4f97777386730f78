import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterPrompt, parsePrompt, stripEnding } from './chat-template.js';

/** The published templates of eight model families, for one conversation. */
const TEMPLATES: Record<string, { prompt: string; end: string; system: boolean }> = {
  chatml: {
    prompt:
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n',
    end: '<|im_end|>',
    system: true,
  },
  llama3: {
    prompt:
      '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    end: '<|eot_id|><|finetune_right_pad_id|><|finetune_right_pad_id|>',
    system: true,
  },
  gemma: {
    prompt: '<bos><start_of_turn>user\nWhy?<end_of_turn>\n<start_of_turn>model\n',
    end: '<end_of_turn>\n<eos>',
    system: false,
  },
  phi: {
    prompt: '<|system|>\nBe brief.<|end|>\n<|user|>\nWhy?<|end|>\n<|assistant|>\n',
    end: '<|end|>',
    system: true,
  },
  deepseek: {
    prompt: '<｜begin▁of▁sentence｜>Be brief.<｜User｜>Why?<｜Assistant｜>',
    end: '<｜end▁of▁sentence｜>',
    system: true,
  },
  glm: {
    prompt: '[gMASK]<sop><|system|>\nBe brief.<|user|>\nWhy?<|assistant|>\n',
    end: '<|user|>',
    system: true,
  },
  'gpt-oss': {
    prompt:
      '<|start|>developer<|message|>Be brief.<|end|><|start|>user<|message|>Why?<|end|><|start|>assistant',
    end: '<|return|>',
    system: true,
  },
  mistral: { prompt: '<s>[INST] Why? [/INST]', end: '</s>', system: false },
};

describe('a rendered prompt', () => {
  it.each(Object.entries(TEMPLATES))('of %s is read into its turns', (name, { prompt, end, system }) => {
    expect(parsePrompt(prompt).turns).toEqual([
      ...(system ? [{ role: name === 'gpt-oss' ? 'developer' : 'system', content: 'Be brief.' }] : []),
      { role: 'user', content: 'Why?' },
    ]);
    const rest = afterPrompt(`${prompt}Because <b>.${end}`, prompt);
    expect(stripEnding(rest!)).toEqual({ text: 'Because <b>.', ended: true });
  });

  it('may end in the beginning of the answer, which stays as it is', () => {
    const { prompt } = TEMPLATES['chatml']!;
    for (const begun of ['<think>\n', '<think>\n\n</think>\n\n', 'Sure, ', '```json\n{']) {
      for (const family of ['chatml', 'deepseek', 'mistral', 'llama3']) {
        const parsed = parsePrompt(`${TEMPLATES[family]!.prompt}${begun}`);
        expect([parsed.prefill, parsed.turns.at(-1)]).toEqual([begun, { role: 'user', content: 'Why?' }]);
      }
    }
    // A turn that has ended is part of the conversation.
    expect(parsePrompt(`${prompt}Because.<|im_end|>\n`)).toMatchObject({
      prefill: '',
      turns: [{}, {}, { role: 'assistant', content: 'Because.' }],
    });
  });

  it('may have lost its beginning, or follow fill tokens', () => {
    const { prompt } = TEMPLATES['chatml']!;
    const long = `<|im_start|>user\n${'context '.repeat(20)}${prompt}`;
    expect(afterPrompt(`${long.slice(40)}Because`, long)).toBe('Because');
    expect(afterPrompt(`<|endoftext|><|endoftext|>${prompt}Because`, prompt)).toBe('Because');
    // An answer that repeats the prompt is an answer.
    expect(afterPrompt(`${prompt}${prompt}`, prompt)).toBe(prompt);
    expect(afterPrompt('Because', prompt)).toBeUndefined();
    expect(parsePrompt('Why [1]?')).toEqual({
      turns: [{ role: 'user', content: 'Why [1]?' }],
      prefill: '',
      isRendered: false,
    });
  });

  it('is found before any answer, cut anywhere', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '<|im_end|>', '\n', ' ') });
    fc.assert(
      fc.property(text, text, fc.nat(), (prompt, response, cut) => {
        expect(afterPrompt(prompt + response, prompt)).toBe(response);
        // Cut from the left, an end of at least 32 characters is found; a longer one may match by chance.
        const long = `${prompt} the quick brown fox jumps over the lazy dog`;
        const kept = long.slice(cut % (long.length - 43));
        expect(afterPrompt(kept + response, long)).toBe(response);
      }),
    );
  });

  it('takes linear time, however it repeats itself', () => {
    const many = 'ab'.repeat(200_000);
    expect(afterPrompt(`${many}c`, `x${many}a`)).toBeDefined();
    expect(parsePrompt('<|im_start|>'.repeat(50_000)).turns).toHaveLength(1);
    expect(stripEnding('</s> '.repeat(50_000)).ended).toBe(true);
  });
});
