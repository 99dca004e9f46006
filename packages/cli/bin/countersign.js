#!/usr/bin/env node
// Lies here before anything is built: npm links what it finds at install time, and `npx` would ask a registry for the rest.
import './node-version.js'
await import('../dist/main.js') // not before the line above has run
