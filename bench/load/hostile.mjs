const head = (more, path = '/v1/rewards') =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n`;
const whole = (body, more = '') => head(`Content-Length: ${Buffer.byteLength(body)}\r\n${more}`) + body;
const turn = '{"role":"user","content":"q"}';

/**
 * Hostile requests by kind: what is written to the connection, in parts a tenth of a second apart. A connection is
 * given up after `patienceMs`. `many` of them are open at once.
 *
 * @type {Record<string, { parts: () => (string | Buffer)[], patienceMs?: number, halfClosed?: boolean, many?: number }>}
 */
export const HOSTILE = {
  'slow body': {
    parts: () => [head('Content-Length: 1000000\r\n'), ...Array.from({ length: 20 }, () => '[')],
    patienceMs: 3000,
    many: 500,
  },
  'huge headers': { parts: () => [head(`X-Large: ${'x'.repeat(100_000)}\r\n`)] },
  'deep JSON': { parts: () => [whole('['.repeat(1_000_000))] },
  'deep row': { parts: () => [whole(`{"rollouts":[${'[{"a":'.repeat(80)}1${'}]'.repeat(80)}]}`)] },
  'many samples': {
    parts: () => [
      whole(`{"rollouts":[${Array.from({ length: 20_000 }, () => `{"messages":[${turn}],"response":""}`)}]}`),
    ],
    many: 8,
  },
  'as many samples as may be': {
    parts: () => [
      whole(`{"rollouts":[${Array.from({ length: 4000 }, () => `{"messages":[${turn}],"response":""}`)}]}`),
    ],
    many: 8,
  },
  'wrong types': {
    parts: () => [
      whole(
        `{"rollouts":[${Array.from({ length: 4000 }, () => '{"messages":[1,2,3],"response":{},"group":[]}')}]}`,
      ),
    ],
    many: 8,
  },
  'many values': { parts: () => [whole(`{"rollouts":[${'{},'.repeat(2_000_000)}1]}`)], many: 8 },
  'one large text': {
    parts: () => [
      whole(
        `{"rollouts":[{"messages":[${turn}],"response":"${'\\n"x'.replace('"', '\\"').repeat(2_000_000)}"}]}`,
      ),
    ],
    many: 8,
  },
  'half closed': { parts: () => [head('Content-Length: 100\r\n'), '{"rollouts"'], halfClosed: true },
  'bad encodings': {
    parts: () => [
      Buffer.concat([Buffer.from(head('Content-Length: 4\r\n')), Buffer.from([0x22, 0xff, 0xfe, 0x22])]),
    ],
  },
  'compressed body': { parts: () => [whole('\u001f\u008b', 'Content-Encoding: gzip\r\n')] },
  'no HTTP': { parts: () => ['\u0016\u0003\u0001 hello\r\n\r\n'] },
  'two lengths': { parts: () => [head('Content-Length: 5\r\nContent-Length: 7\r\n') + 'xxxxx'] },
  'chunks that lie': {
    parts: () => [head('Transfer-Encoding: chunked\r\n'), 'ffffffffff\r\nx', 'zz\r\n'],
    patienceMs: 3000,
  },
};
