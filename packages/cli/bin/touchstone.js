#!/usr/bin/env node
// Stands in the repository, so that `npm ci` can link it before anything is built.
import '../dist/main.js';
