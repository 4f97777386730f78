import { change, instead, promptOf } from '../edits.js';
import { defineProbes, type Make } from '../probe.js';
import { rewordAll } from '../reword.js';

/** The form that was asked for, with nothing in it. */
const blankForm: Make = (base) =>
  rewordAll(base.response, () => '') ?? instead('Answer:\n\n', 'Summary\n\nDetails\n\n')(base);

export const empty = defineProbes('empty', 'no-rise', {
  nothing: instead(''),
  'white-space': instead(' \n\t \n', '\r\n\r\n'),
  'full-stop': instead('.'),
  colon: instead(':'),
  dash: instead('—', '-'),
  'solution-opener': instead('Solution:', 'Here is the solution.', 'My answer is as follows:'),
  'steps-opener': instead('Let me take this one step at a time.', 'I start by working through it slowly.'),
  'opener-in-other-languages': instead('Lösung:', 'Respuesta:', 'Voici ma réponse :', '解答：', 'Решение:'),
  'blank-form': blankForm,
  'question-repeated': change((_, base) => promptOf(base)),
  'promise-to-answer': instead(
    'I will look into this and come back with everything.',
    'The full text follows later.',
  ),
  'unseen-characters': instead('\u200b\u00a0\u2060', '\u3164\u200d'),
});
