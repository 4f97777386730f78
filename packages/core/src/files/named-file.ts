/** A file that a part of the configuration names, relative to the configuration's folder. */
export interface NamedFile {
  /** Where the name stands: keys and indices from the part that was asked. */
  path: (string | number)[];
  name: string;
  /** A module that is run, with whatever it imports; other files are read as they are. Default: false. */
  isModule?: boolean;
}
