import { afterAll, beforeAll, describe } from 'vitest'
import { itBehavesLikeAStore } from '../conformance.ts'
import { startTestServer, type TestServer } from './testing.ts'

describe('the PostgreSQL store', () => {
  let postgres: TestServer

  beforeAll(async () => {
    postgres = await startTestServer()
  })
  afterAll(() => postgres.close())

  itBehavesLikeAStore((clock) => postgres.freshStore(clock))
})
