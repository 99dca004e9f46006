import { defineConfig } from 'vitest/config'
import { longestFirst } from './tests/order.ts'
import base from './vitest.config.ts'

/** People at a browser, in front of a real instance. Needs a built console and what .ci/packages brings. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['tests/e2e/**/*.test.ts'],
    testTimeout: 400_000,
    hookTimeout: 120_000,
    sequence: { sequencer: longestFirst(['crawl.test', 'crawl-phone.test', 'approve.test']) },
  },
})
