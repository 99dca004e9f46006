#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { createAsk } from './ask.ts'
import { type Terminal, product } from './terminal.ts'
import { takesColour } from './ink.ts'
import { openPerson } from './person.ts'
import { run } from './run.ts'

// Policies are WebAssembly, and most of what loading them runs is run once: V8 shall optimise only what stays in use.
setFlagsFromString('--wasm-tiering-budget=50000000')

const terminal: Terminal = {
  env: process.env,
  cwd: process.cwd(),
  root: process.getuid?.() === 0,
  watched: process.stderr.isTTY,
  colour: takesColour(process.stdout, process.env),
  product,
  person: () => (process.stdin.isTTY ? openPerson() : undefined),
  say: (text) => process.stdout.write(`${text}\n`),
  mutter: (text) => process.stderr.write(text),
  ask: createAsk,
  stopped: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    }),
  hungUp(told) {
    process.on('SIGHUP', told)
    return () => void process.off('SIGHUP', told)
  },
}

process.exitCode = await run(terminal, process.argv.slice(2))
