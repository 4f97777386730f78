// Which room may use which: the arrows of the design, which point one way only. Checked by scripts/rooms.mjs.

const ROOMS = {
  spec: [],
  core: ['spec'],
  engine: ['spec'],
  store: ['spec'],
  lab: ['spec', 'core', 'store'],
  train: ['spec', 'core', 'engine', 'store'],
  run: ['spec', 'core', 'engine', 'store', 'lab', 'train'],
  serve: ['spec', 'core'],
  launch: ['spec', 'core', 'serve', 'store', 'lab', 'run'],
  studio: ['spec', 'store'],
  testing: ['spec', 'core', 'serve'],
  cli: ['spec', 'core', 'engine', 'store', 'lab', 'train', 'run', 'serve', 'launch', 'studio'],
};

/** What a folder of core may use of the others: text, files and the model providers below, the reward on top. */
const CORE = {
  text: [],
  files: [],
  data: ['text'],
  providers: ['text', 'files'],
  dispatch: ['text', 'providers'],
  judge: ['text', 'files', 'data', 'providers', 'dispatch'],
  checks: ['text', 'files'],
  reward: ['text', 'files', 'data', 'dispatch', 'judge', 'checks'],
};

const TEST_ONLY = '(\\.(test|fixture|testing)\\.(ts|tsx|mjs)|/testing\\.ts)$|^packages/testing/';

const arrows = Object.entries(ROOMS).map(([room, uses]) => ({
  name: `room-${room}`,
  comment: `${room} may use ${uses.join(', ') || 'no other room'}`,
  severity: 'error',
  from: { path: `^packages/${room}/` },
  to: { path: '^packages/', pathNot: `^packages/(${[room, ...uses, 'testing'].join('|')})/` },
}));

const coreArrows = Object.entries(CORE).map(([folder, uses]) => ({
  name: `core-${folder}`,
  comment: `core/${folder} may use ${uses.join(', ') || 'no other folder'} of core`,
  severity: 'error',
  from: { path: `^packages/core/src/${folder}/`, pathNot: TEST_ONLY },
  to: { path: '^packages/core/src/[^/]+/', pathNot: `^packages/core/src/(${[folder, ...uses].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    ...coreArrows,
    {
      name: 'every-room-has-a-rule',
      comment: 'a new folder in packages/ needs a line in ROOMS',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${Object.keys(ROOMS).join('|')})/` },
      to: {},
    },
    {
      name: 'front-door',
      comment:
        'a room is used through its index.ts only; what a configuration says of training and of the engine is read without loading them',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/',
        pathNot: [
          '^packages/$1/',
          '^packages/[^/]+/src/index\\.ts$',
          '^packages/(train/src/schema|engine/src/settings)\\.ts$',
        ],
      },
    },
    {
      name: 'front-door-of-benches',
      comment: 'benchmarks measure what users have: a room is used through its index.ts only',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: '^packages/', pathNot: '^packages/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'no-cycle',
      comment: 'two files that need each other are one file, or three',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-missing',
      comment:
        'an import that cannot be resolved: a typing error, a package that is not installed, or a file that is not exported',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'tests-stay-tests',
      comment: 'what is shipped does not use tests, fixtures or test tools',
      severity: 'error',
      from: { path: '^packages/', pathNot: TEST_ONLY },
      to: { path: [TEST_ONLY, '(^|/)node_modules/(vitest|fast-check)/'] },
    },
    {
      name: 'core-is-portable',
      comment: 'core and serve are bundled into a Lambda: nothing native, however far down',
      severity: 'error',
      from: { path: '^packages/(spec|core|serve)/' },
      to: { path: '(^|/)node_modules/(onnxruntime-node|@photostructure/sqlite)/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^packages/[^/]+/dist/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['touchstone-source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
