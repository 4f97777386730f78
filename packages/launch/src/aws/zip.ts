import { zipSync } from 'fflate';

/** The earliest time that a zip file can hold: the same bytes whenever it is made. */
const NO_TIME = new Date(1980, 0, 1);
/** UNIX, and a plain file that its owner may write and everyone may read: Lambda runs as another user. */
const UNIX = 3;
const FILE_MODE = 0o100644 << 16;

/** A zip file of `files` by name. The same files give the same bytes. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const sorted = Object.keys(files).sort();
  return zipSync(
    Object.fromEntries(sorted.map((name) => [name, [files[name]!, { os: UNIX, attrs: FILE_MODE }]])),
    { level: 9, mtime: NO_TIME },
  );
}
