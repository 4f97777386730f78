// Puts what the tests of the AWS template and of the Kubernetes manifests need from PyPI (cfn-lint, moto, kubernetes-validate) into
// .cache/python: `node scripts/python-tools.mjs`.
// Without them those tests are skipped. Nothing of Touchstone itself uses Python. Does nothing when they are there.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(ROOT, '.cache', 'python');
const PACKAGES = [
  'cfn-lint==1.58.0',
  'moto[awslambda,cloudformation,iam,logs,s3,sagemaker,secretsmanager,server,ssm]==5.2.5',
  'boto3==1.44.5',
  'kubernetes-validate==1.37.0',
];

const mark = join(FOLDER, 'touchstone-packages.txt');
const wanted = `${PACKAGES.join('\n')}\n`;
if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) process.exit(0);

run('python3', '-m', 'venv', '--clear', FOLDER);
run(
  join(FOLDER, 'bin', 'python'),
  '-m',
  'pip',
  'install',
  '--quiet',
  '--disable-pip-version-check',
  ...PACKAGES,
);
writeFileSync(mark, wanted);
