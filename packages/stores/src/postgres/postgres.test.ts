import { afterAll, beforeAll, describe } from 'vitest'
import { itBehavesLikeAStore } from '../conformance.ts'
import { startTestServer, type TestServer } from './testing.ts'

describe('the PostgreSQL store', { timeout: 60_000 }, () => {
  let postgres: TestServer

  beforeAll(async () => {
    postgres = await startTestServer()
  }, 60_000)
  afterAll(() => postgres.close())

  itBehavesLikeAStore((clock) => postgres.freshStore(clock))
})
