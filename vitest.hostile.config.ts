import { cpus, loadavg } from 'node:os'
import { defineConfig } from 'vitest/config'
import { asTheProgram } from './tests/flags.ts'
import base from './vitest.config.ts'

/** More wants to run here than there are processors, before anything of this has begun: a second then measures the neighbours. */
const busy = (loadavg()[0] ?? 0) > cpus().length

/** Floods, slow senders, bytes that take long to read: against a whole deployment, on this machine alone. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['tests/hostile/**/*.test.ts'],
    execArgv: asTheProgram, // what is measured runs as it does for people
    retry: busy ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
