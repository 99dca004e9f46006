import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Floods, slow senders, bytes that take long to read: against a whole deployment, on this machine alone. Once more where something else kept the machine busy. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['tests/hostile/**/*.test.ts'], retry: 1, testTimeout: 60_000, hookTimeout: 60_000 },
})
