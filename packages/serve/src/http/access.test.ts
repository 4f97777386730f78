import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { simulatedReward } from '@touchstone/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { isLoopback } from './access.js';
import { createRewardServer } from './server.js';
import { closeServers, post, start } from './server.testing.js';

afterAll(closeServers);

describe('access', () => {
  it.each(['line\nbreak', 'schlüssel', 'a\u200bb'])(
    'does not start with a key that no header carries',
    async (key) => {
      const started = start({ key });
      await expect(started).rejects.toThrow(/the key of this server cannot be sent in a header/);
      await expect(started).rejects.not.toThrow(key);
    },
  );

  it('knows the key by its SHA-256 where nobody has written it down', async () => {
    const keyHash = createHash('sha256').update('the-key').digest('hex');
    const { url } = await start({ keyHash });
    expect((await post(`${url}/`, [], { authorization: 'Bearer the-kex' })).status).toBe(401);
    expect((await post(`${url}/`, [], { authorization: `Bearer ${keyHash}` })).status).toBe(401);
    expect((await post(`${url}/`, [], { authorization: 'Bearer the-key' })).status).toBe(200);
  });

  it('needs the key where one is set, but not for health', async () => {
    const { url } = await start({ key: 'the-key' });
    const refused = { status: 401, body: { error: { message: expect.any(String) } } };
    expect(await post(`${url}/`, [])).toEqual(refused);
    for (const authorization of [
      'Bearer',
      'Bearer the-kex',
      'Bearer the-key-2',
      'Basic the-key',
      'the-key',
    ]) {
      expect(await post(`${url}/`, [], { authorization })).toEqual(refused);
      expect(await post(`${url}/v1/rewards`, {}, { authorization })).toEqual(refused);
    }
    // Trainers that can set nothing but an address make the third of it.
    const basic = `Basic ${Buffer.from('any:the-key').toString('base64')}`;
    for (const headers of [
      { authorization: 'Bearer the-key' },
      { 'x-api-key': 'the-key' },
      { authorization: basic },
    ]) {
      expect(await post(`${url}/`, [], headers as Record<string, string>)).toEqual({ status: 200, body: [] });
    }
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({
      status: 'ok',
      certificate: null,
      certificate_eased: null,
    });
  });

  it('without a key is for loopback: the address it listens on and the name it is called by', async () => {
    const open = createRewardServer({ reward: simulatedReward() });
    await expect(open.listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow('TOUCHSTONE_REWARD_KEY');
    expect(
      ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST'].filter((host) => !isLoopback(host)),
    ).toEqual([]);
    expect(
      ['0.0.0.0', '::', '', '128.0.0.1', 'localhost.evil.example', '127.0.0.1.evil.example'].filter(
        isLoopback,
      ),
    ).toEqual([]);

    const { url } = await start();
    const { port } = new URL(url);
    const statusFor = (host: string) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', host };
        const sent = request({ port, method: 'POST', headers, host: '127.0.0.1' }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on('error', reject);
        sent.end('[]');
      });
    expect(await statusFor(`evil.example:${port}`)).toBe(403);
    expect(await statusFor(`localhost:${port}`)).toBe(200);
    expect(await statusFor(`[::1]:${port}`)).toBe(200);

    // Unless something in front of it lets in who may.
    const behind = await start({ isOpen: true });
    const headers = { 'content-type': 'application/json', host: 'rewards.example' };
    const status = new Promise((resolve) => {
      request(behind.url, { method: 'POST', headers }, (response) =>
        resolve(response.resume().statusCode),
      ).end('[]');
    });
    expect(await status).toBe(200);
  });

  it('says when the port is taken', async () => {
    const { url } = await start();
    const second = createRewardServer({ reward: simulatedReward() });
    await expect(second.listen({ host: '127.0.0.1', port: Number(new URL(url).port) })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});
