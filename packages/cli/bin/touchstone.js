#!/usr/bin/env node
// Stands in the repository, so that `npm ci` can link it before anything is built.
import module from 'node:module';

// From Node 22.1 on: what is compiled now need not be the next time.
module.enableCompileCache?.();
await import('../dist/main.js');
