import { createRecorder, createVault } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decided, founded, sampleRecord } from '../../conformance.ts'
import { type Db, openDb } from '../db.ts'
import { foundHead } from '../head.ts'
import { startTestServer, testKeys, type TestServer } from '../testing.ts'
import { type Command, settle } from './batch.ts'
import { createSubjects } from './subjects.ts'

const tenant = 'default'

describe('a batch whose commit was not heard of', { timeout: 60_000 }, () => {
  const vault = createVault(testKeys())
  const recorder = createRecorder(vault)
  const parts = { tenant, lookup: vault.lookup, clock: undefined }
  let postgres: TestServer
  let db: Db

  beforeAll(async () => {
    postgres = await startTestServer()
    db = openDb({ connection: await postgres.freshDatabase() })
    await foundHead(db, tenant)
  }, 60_000)
  afterAll(async () => {
    await db.close()
    await postgres.close()
  })

  async function command(change: Command['change']): Promise<Command> {
    const subjects = createSubjects({ db, tenant, vault })
    const named = await subjects.of(change.facts)
    const keys = new Map(await Promise.all(named.map(async (one) => [one, await subjects.key(one)] as const)))
    const prepared = change.facts.map((fact, position) => {
      const subject = named[position] ?? ''
      return recorder.prepare(fact, subject, keys.get(subject)?.wrapped ?? new Uint8Array())
    })
    return { change, prepared, keys }
  }

  it('is found when it is tried again, and not written twice', async () => {
    const commands = [
      await command({ facts: [founded(), decided(sampleRecord())] }),
      await command({ facts: [founded()] }),
    ]
    const first = await db.tx((session) => settle(session, commands, 0, parts))
    expect(first.results).toEqual([
      { kind: 'committed', index: 0 },
      { kind: 'committed', index: 2 },
    ])
    const late = await command({ facts: [founded()] })
    const second = await db.tx((session) => settle(session, [...commands, late], 1, parts))
    expect(second.results).toEqual([...first.results, { kind: 'committed', index: 3 }])
    expect(second.size).toBe(4)
  })

  it('is written when it was not', async () => {
    const commands = [await command({ facts: [founded()] })]
    const lost = db.tx(async (session) => {
      await settle(session, commands, 0, parts)
      throw new Error('the connection broke before the commit')
    })
    await expect(lost).rejects.toThrow('before the commit')
    const { results } = await db.tx((session) => settle(session, commands, 1, parts))
    expect(results).toEqual([{ kind: 'committed', index: 4 }])
  })
})
