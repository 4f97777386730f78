import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { runCli } from '../../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-image-'));
afterAll(() => {
  // Its layers belong to users that this one may not be.
  if (reason === '') buildahSync('rmi', '--all', '--force');
  rmSync(folder, { recursive: true, force: true });
});

const STORE = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
const buildahSync = (...args: string[]) => spawnSync('buildah', [...STORE, ...args], { encoding: 'utf8' });
const run = promisify(execFile);
const buildah = async (...args: string[]): Promise<string> =>
  (await run('buildah', [...STORE, ...args], { maxBuffer: 2 ** 24 })).stdout.trim();

/** In the place of the base image, which comes from a registry: this Node and the libraries it is linked to, without a shell. */
const BASE = 'localhost/base:nonroot';
function makeBase(): string {
  const context = join(folder, 'base');
  const put = (from: string, to: string): void => {
    mkdirSync(join(context, 'root', dirname(to)), { recursive: true });
    // Follows symbolic links, as the libraries are; cpSync of some Node 24 takes one to a file for a folder.
    copyFileSync(from, join(context, 'root', to));
  };
  put(process.execPath, '/nodejs/bin/node');
  const linked = spawnSync('ldd', [process.execPath], { encoding: 'utf8' }).stdout;
  for (const [path] of linked.matchAll(/\/\S+/g)) put(path, path);
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY root /\n');
  const built = buildahSync('bud', '--isolation', 'chroot', '-t', BASE, context);
  return built.status === 0 ? '' : `buildah cannot build here: ${built.stderr.trim().split('\n').at(-1)}`;
}
const reason = spawnSync('buildah', ['--version']).error ? 'buildah is not installed' : makeBase();

it.skipIf(reason !== '')(
  `the image builds, holds the server alone, and starts${reason && ` (skipped: ${reason})`}`,
  async () => {
    writeFileSync(
      join(folder, 'touchstone.yaml'),
      'name: Built\nreward: { checks: [{ type: length, unit: characters, max: 5, weight: 1 }] }\n',
    );
    const out = join(folder, 'out');
    const sink = { write: () => {} };
    const args = ['reward', 'bundle', folder, '--for', 'kubernetes', '--image', 'x/y', '--out', out];
    expect(await runCli(args, { out: sink, err: sink, env: {} })).toBe(0);
    // Beside the Dockerfile anything may lie: .dockerignore keeps it out.
    writeFileSync(join(out, 'image/.env'), 'KEY=hunter2');
    await buildah(
      'bud',
      '--isolation',
      'chroot',
      '--pull-never',
      '--build-arg',
      `BASE=${BASE}`,
      '-t',
      'y',
      join(out, 'image'),
    );

    const { OCIv1: image } = JSON.parse(await buildah('inspect', '--type', 'image', 'y')) as {
      OCIv1: { config: Record<string, unknown> };
    };
    expect(image.config).toMatchObject({
      User: '65532:65532',
      WorkingDir: '/app',
      Entrypoint: ['/nodejs/bin/node', 'bin/touchstone.mjs', 'reward', 'serve', '.'],
      Cmd: ['--host', '0.0.0.0', '--port', '8080'],
    });
    const container = await buildah('from', '--pull-never', 'y');
    const root = await buildah('mount', container);
    const files = readdirSync(join(root, 'app'), { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['touchstone.mjs', 'touchstone.yaml', 'package.json']),
    );
    expect(files.filter((entry) => entry.isFile())).toHaveLength(3);
    // The command in it, as its user, with the configuration in it; without a key it listens for nobody else.
    const given = ['run', '--isolation', 'chroot', '--user', '65532:65532', container, '--'];
    const { Entrypoint, Cmd } = image.config as Record<string, string[]>;
    const started = buildahSync(...given, ...Entrypoint!, ...Cmd!);
    expect(started.stderr).toContain('host 0.0.0.0 can be reached from other machines: set a key');
  },
  180_000,
);
