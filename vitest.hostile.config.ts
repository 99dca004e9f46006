import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Floods, slow senders, bytes that take long to read: against a whole deployment, on this machine alone. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['tests/hostile/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
