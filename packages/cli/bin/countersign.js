#!/usr/bin/env node
// Lies here before anything is built: npm links what it finds at install time, and `npx` would ask a registry for the rest.
import '../dist/main.js'
