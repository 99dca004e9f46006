import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** What was written by others: schemas and vectors, real clients, a browser. Needs more than npm. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['tests/foreign/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
