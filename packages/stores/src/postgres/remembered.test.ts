import { afterAll, beforeAll, describe } from 'vitest'
import { approvals } from '../conformance/approvals.ts'
import { attempts } from '../conformance/attempts.ts'
import { model } from '../conformance/model.ts'
import { permits } from '../conformance/permits.ts'
import { createPostgresStore } from './postgres.ts'
import { startTestServer, testKeys, type TestServer } from './testing.ts'

describe('a store that remembers nothing that is over', { timeout: 120_000 }, () => {
  let postgres: TestServer
  beforeAll(async () => {
    postgres = await startTestServer()
  }, 60_000)
  afterAll(() => postgres.close())

  for (const concern of [approvals, permits, attempts, model]) {
    concern(async (clock) =>
      createPostgresStore({
        connection: await postgres.freshDatabase(),
        keys: testKeys(),
        origin: 'test.example/default',
        clock,
        connections: 2,
        remembered: 0,
      }),
    )
  }
})
