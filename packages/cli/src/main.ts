#!/usr/bin/env node
import { createAsk, wordsOf } from './ask.ts'
import { CommanderError } from 'commander'
import { type Hand, product } from './hand.ts'
import { createProgram } from './program.ts'
import { Stopped } from './stopped.ts'

const hand: Hand = {
  env: process.env,
  cwd: process.cwd(),
  root: process.getuid?.() === 0,
  watched: process.stderr.isTTY,
  product,
  say: (text) => process.stdout.write(`${text}\n`),
  mutter: (text) => process.stderr.write(text),
  ask: createAsk,
  stopped: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    }),
}

const program = createProgram(hand).exitOverride()
try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Stopped) {
    if (error.message !== '') process.stderr.write(`${error.message}\n`)
    return error.exitCode
  }
  // Commander has said what is wrong with the words; asking for help is not wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  process.stderr.write(`${wordsOf(error)}\n`)
  return 1
}
