import type { Store } from '@countersign/core'
import type { ActionRecord, PermitRecord } from '@countersign/schema'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  agentChanged,
  asked,
  cancelled,
  changed,
  decided,
  finished,
  granted,
  begins,
  permitted,
  personChanged,
  sampleAction,
  sampleAgent,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  sampleSignature,
  unique,
} from '../conformance.ts'
import { createPostgresStore } from './postgres.ts'
import { startTestServer, testKeys, type TestServer } from './testing.ts'

/** Somebody has a SQL prompt, and changes what the state says; the entries they leave alone. */
describe('H3: a row that says other than the ledger is not believed', { timeout: 60_000 }, () => {
  let postgres: TestServer
  let store: Store
  let sql: pg.Client
  const broken = { code: 'ERR_LEDGER_BROKEN' }

  beforeAll(async () => {
    postgres = await startTestServer()
    const connection = await postgres.freshDatabase()
    store = await createPostgresStore({ connection, keys: testKeys(), origin: 'test.example/default' })
    sql = new pg.Client(connection)
    await sql.connect()
  }, 60_000)
  afterAll(async () => {
    await sql.end()
    await store.close()
    await postgres.close()
  })

  async function agentWith(version: 1 | 2) {
    const agent = sampleAgent({
      keys: [
        {
          id: unique('key'),
          hash: unique('')
            .padStart(64, '0')
            .slice(-64)
            .replaceAll(/[^0-9a-f]/g, '0'),
          createdAt: 0,
          expiresAt: 1e15,
        },
      ],
    })
    await store.commit({ facts: [agentChanged(agent)] })
    const stopped = { ...agent, version: 2, status: 'stopped' as const, stoppedBy: 'per_eve' }
    if (version === 2) await store.commit({ facts: [agentChanged(stopped, 'stopped')] })
    return agent
  }
  const entryOf = async (table: string, id: string): Promise<number> =>
    Number((await sql.query<{ entry: string }>(`select entry from ${table} where id = $1`, [id])).rows[0]?.entry)
  /** A grant for one action, and the digest of another that nobody signed. */
  async function signedOne() {
    const agent = await agentWith(1)
    const [record, other] = [1, 2].map((n) =>
      sampleRecord({ action: sampleAction({ agent: agent.id, parameters: { n, one: unique('one') } }) }),
    ) as [ReturnType<typeof sampleRecord>, ReturnType<typeof sampleRecord>]
    const question = sampleOpen(record)
    const signature = sampleSignature(question, 'per-one')
    const grant = granted(question, signature)
    await store.commit({ facts: [decided(record), decided(other), asked(question)] })
    await store.commit({ facts: [changed('granted', grant, signature)] })
    return { agent, record, other, grant }
  }

  it('an agent rolled back to before it was stopped comes in no more, and nothing is permitted to it', async () => {
    const agent = await agentWith(2)
    const record = sampleRecord({ action: sampleAction({ agent: agent.id }) })
    await sql.query(`update agent set status = 'active', version = 1, entry = entry - 1 where id = $1`, [agent.id])
    await expect(store.agents.get(agent.id)).rejects.toMatchObject(broken)
    await expect(store.agents.byKey(agent.keys[0]?.hash ?? '')).rejects.toMatchObject(broken)
    await expect(
      store.commit({ facts: begins(record, samplePermit(record, { agentVersion: 1 })) }),
    ).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
  })

  it('a grant found under the digest of another action', async () => {
    const { other, grant } = await signedOne()
    const stranger = sampleOpen(other)
    await store.commit({ facts: [asked(stranger)] })
    await store.commit({ facts: [changed('cancelled', cancelled(stranger))] })
    await sql.query(
      `update approval set digest_key = (select digest_key from approval where id = $1), asked_entry = asked_entry + 1000 where id = $2`,
      [stranger.id, grant.id],
    )
    await expect(store.approvals.latest(other.digest)).rejects.toMatchObject(broken)
  })

  it('a question pointed at the grant of another', async () => {
    const { other, grant } = await signedOne()
    const question = sampleOpen(other)
    await store.commit({ facts: [asked(question)] })
    await sql.query(`update approval set state = 'granted', entry = $1 where id = $2`, [
      await entryOf('approval', grant.id),
      question.id,
    ])
    await expect(store.approvals.get(question.id)).rejects.toMatchObject(broken)
    await expect(store.approvals.latest(other.digest)).rejects.toMatchObject(broken)
  })

  it('a grant rolled back to before it was taken back', async () => {
    const { record, grant } = await signedOne()
    const back = { ...grant, state: 'voided' as const, version: grant.version + 1, because: 'no' }
    const before = await entryOf('approval', grant.id)
    const { validUntil: _validUntil, ...voided } = back
    await store.commit({ facts: [changed('voided', voided)] })
    await sql.query(`update approval set state = 'granted', version = $1, entry = $2 where id = $3`, [
      grant.version,
      before,
      grant.id,
    ])
    await expect(store.approvals.latest(record.digest)).rejects.toMatchObject(broken)
    await expect(store.approvals.get(grant.id)).rejects.toMatchObject(broken)
  })

  it('a person rolled back to before they left, and an account moved to somebody else', async () => {
    const [left, other] = [samplePerson(), samplePerson()]
    await store.commit({ facts: [personChanged(left), personChanged(other)] })
    await store.commit({ facts: [personChanged({ ...left, version: 2, active: false }, 'roles')] })
    const { rows } = await sql.query<{ account_key: string }>('select account_key from person where id = $1', [left.id])
    await sql.query(`update person set version = 1, entry = entry - 2 where id = $1`, [left.id])
    await expect(store.people.get(left.id)).rejects.toMatchObject(broken)
    await sql.query('delete from person where id = $1', [left.id])
    await sql.query('update person set account_key = $1 where id = $2', [rows[0]?.account_key, other.id])
    await expect(store.people.byAccount(left.issuer, left.subject)).rejects.toMatchObject(broken)
    expect(await store.people.get(other.id)).toEqual(other)
  })

  it('a permit found under the attempt of another', async () => {
    const agent = await agentWith(1)
    const [one, two] = [1, 2].map(() =>
      sampleRecord({ action: sampleAction({ agent: agent.id, parameters: { one: unique('one') } }) }),
    ) as [ReturnType<typeof sampleRecord>, ReturnType<typeof sampleRecord>]
    const [first, second] = [samplePermit(one), samplePermit(two)]
    await store.commit({ facts: [...begins(one, first), ...begins(two, second)] })
    const { rows } = await sql.query<{ attempt_key: string }>('select attempt_key from permit where id = $1', [
      first.id,
    ])
    await sql.query('update permit set attempt_key = null where id = $1', [first.id])
    await sql.query('update permit set attempt_key = $1 where id = $2', [rows[0]?.attempt_key, second.id])
    await expect(store.permits.byAttempt(first.attempt.credential, first.attempt.id ?? '')).rejects.toMatchObject(
      broken,
    )
  })

  it.each<
    [string, string, 'digest' | 'credential', 'running' | 'undelivered', (one: PermitRecord) => Promise<unknown>]
  >([
    [
      'one that runs',
      'digest_key',
      'digest',
      'running',
      (one) => store.permits.begun(one.attempt.credential, one.asked),
    ],
    [
      'one that runs',
      'credential',
      'credential',
      'running',
      (one) => store.permits.begun(one.attempt.credential, one.asked),
    ],
    [
      'one not delivered',
      'digest_key',
      'digest',
      'undelivered',
      (one) => store.permits.undelivered(one.attempt.credential, one.asked),
    ],
    [
      'one not delivered',
      'credential',
      'credential',
      'undelivered',
      (one) => store.permits.undelivered(one.attempt.credential, one.asked),
    ],
    ['one without an end', 'digest_key', 'digest', 'running', (one) => store.permits.openEnded(one.asked)],
    ['one by its id', 'entry', 'digest', 'running', (one) => store.permits.get(one.id)],
  ])('a permit found in place of another: %s, by its %s', async (_, column, differs, state, look) => {
    const agent = await agentWith(1)
    const records = [1, 2].map((n) =>
      sampleRecord({
        action: sampleAction({ agent: agent.id, parameters: { n: differs === 'digest' ? n : 0 } }),
        attempt: { credential: differs === 'credential' ? unique('key') : agent.id, id: unique('attempt') },
      }),
    )
    const [wanted, found] = records.map((record) => samplePermit(record)) as [PermitRecord, PermitRecord]
    await store.commit({
      facts: [wanted, found].flatMap((permit, place) => begins(records[place] as ActionRecord, permit)),
    })
    if (state === 'undelivered')
      await store.commit({ facts: [wanted, found].map((one) => finished(one, { delivered: false })) })
    expect(await look(wanted)).toMatchObject({ permit: { id: wanted.id } })
    // The newest of those that match is what is found.
    const [to, from] = column === 'entry' ? [wanted.id, found.id] : [found.id, wanted.id]
    await sql.query(`update permit set ${column} = (select ${column} from permit where id = $1) where id = $2`, [
      from,
      to,
    ])
    await expect(look(wanted)).rejects.toMatchObject(broken)
  })

  it.each<[string, (grant: string, agent: string) => [string, string[]], RegExp]>([
    [
      'an agent set active',
      (_, agent) => [`update agent set status = 'stopped' where id = $1`, [agent]],
      /^agent .*: status is "stopped", and by the ledger "active"$/,
    ],
    [
      'a grant of other people',
      (grant) => [`update countersignature set person = 'per-else' where approval = $1`, [grant]],
      /^countersignature .* per-else: no fact made it$/,
    ],
    [
      'a grant made out of nothing',
      (grant) => [`update approval set state = 'open', version = 1 where id = $1`, [grant]],
      /^approval .*: version is 1, and by the ledger 2$/,
    ],
    [
      'a grant under another digest',
      (grant) => [`update approval set digest_key = 'x' where id = $1`, [grant]],
      /^approval .*: digestKey is "x"/,
    ],
    [
      'a permit taken away',
      (grant) => [`delete from permit where approval = $1`, [grant]],
      /^permit .*: the ledger has it, the table does not$/,
    ],
    [
      'what was said of an agent, hidden',
      (_, agent) => [
        `with off as (select set_config('session_replication_role', 'replica', false)), gone as (
          delete from mention where what = 'agent.changed ' || $1 returning 1) select from off, gone`,
        [agent],
      ],
      /^mention agent.changed .*: the ledger has it, the table does not$/,
    ],
    [
      'a person of another version',
      () => [`update person set version = 7 where id = $1`, ['per_anyone']],
      /^person per_anyone: version is 7/,
    ],
  ])('is told when it is looked for: %s', async (_, forge, says) => {
    const { agent, record, grant } = await signedOne()
    const permit = samplePermit(record, { approval: grant.id })
    await store.commit({ facts: [permitted(permit)] })
    await store.commit({ facts: [personChanged(samplePerson({ id: 'per_anyone' }))] }).catch(() => undefined)
    const before = (await store.check()).differences
    await sql.query(...forge(grant.id, agent.id))
    const told = (await store.check()).differences.filter((each) => !before.includes(each))
    expect(
      told.some((each) => says.test(each)),
      told.join('\n'),
    ).toBe(true)
  })

  it('is told of rows beyond the first page of a table, in what is said of their number too', async () => {
    const fresh = await postgres.freshDatabase()
    const other = await createPostgresStore({ connection: fresh, keys: testKeys(), origin: 'test.example/default' })
    const client = new pg.Client(fresh)
    try {
      await client.connect()
      const people = Array.from({ length: 2_345 }, (_, number) =>
        personChanged(samplePerson({ id: `per_${String(number).padStart(4, '0')}`, subject: `subject-${number}` })),
      )
      for (let at = 0; at < people.length; at += 500) await other.commit({ facts: people.slice(at, at + 500) })
      expect(await other.check()).toEqual({ entries: 2_345, rows: 4_690, erased: 0, differences: [] })
      await client.query(`update person set version = 7 where id in ('per_0999', 'per_1000', 'per_2344')`)
      await client.query(`delete from person where id = 'per_2000'`)
      expect((await other.check()).differences).toEqual([
        'person per_0999: version is 7, and by the ledger 1',
        'person per_1000: version is 7, and by the ledger 1',
        'person per_2344: version is 7, and by the ledger 1',
        'person per_2000: the ledger has it, the table does not',
      ])
    } finally {
      await client.end()
      await other.close()
    }
  })
})
