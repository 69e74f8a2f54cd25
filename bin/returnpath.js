#!/usr/bin/env node
// CommonJS, for the sake of the start: getting the loader of ES modules ready takes longer than loading the program.
const { loadProgram } = require('./load.js');

loadProgram().mainAndExit(process.argv.slice(2));
