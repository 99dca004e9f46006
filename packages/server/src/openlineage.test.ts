import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogLine } from '@countersign/core'
import { Registry } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { asked, createManualClock, decided, enrol, finished, sampleOpen } from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openInstance } from './instance.ts'
import { sections } from './config/parts.ts'
import { loadKeys } from './data/keys.ts'
import { orRefuse, prepare } from './config/prepare.ts'
import { asRead, parseConfig } from './config/read-config.ts'
import { openAll } from './opened.ts'

interface Event {
  readonly eventType: string
  readonly run: { readonly runId: string }
}

/** Somebody who takes events over HTTP, and answers with the next of `statuses`, or with 201. */
async function openSink() {
  const told: { event: Event; status: number; authorization: string | undefined; type: string | undefined }[] = []
  const statuses: number[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    request.once('end', () => {
      const status = statuses.shift() ?? 201
      const { authorization, 'content-type': type } = request.headers
      told.push({ event: JSON.parse(text), status, authorization, type })
      response.writeHead(status, { location: '/elsewhere' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/lineage`,
    told,
    statuses,
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

describe('an instance with a sink for OpenLineage', () => {
  let opened: ReturnType<typeof openAll>
  let sink: Awaited<ReturnType<typeof openSink>>
  let other: Awaited<ReturnType<typeof openSink>>
  let store: ReturnType<typeof createMemoryStore>
  let lines: LogLine[]
  beforeEach(async () => {
    opened = openAll()
    sink = await opened.add(openSink())
    other = await opened.add(openSink())
    const folder = await mkdtemp(join(tmpdir(), 'cs-'))
    await opened.add({ close: () => rm(folder, { recursive: true, force: true }) })
    await writeFile(join(folder, 'all.cedar'), '@id("all") @owner("o") @doc("d") permit (principal, action, resource);')
    store = await opened.add(createMemoryStore({ clock: createManualClock(), origin: 'test.example/default' }))
    lines = []
    const surroundings = { env: { OPENLINEAGE_KEY: 'the-key' }, readFile: () => '' }
    const text = [
      'listen: { port: 0 }',
      'followers:',
      `  openlineage: { url: "${sink.url}", apiKey: "\${OPENLINEAGE_KEY}" }`,
      `  eu: { type: openlineage, url: "${other.url}" }`,
    ].join('\n')
    await opened.add(
      openInstance({
        prepared: prepare(
          asRead({ ...parseConfig(text, surroundings, sections), policies: folder, registry: Registry.parse({}) }),
          folder,
        ).then(orRefuse),
        store,
        keys: await loadKeys(join(folder, 'keys')),
        consoleDir: folder,
        version: 'test',
        demo: false,
        log: (line) => void lines.push(line),
      }),
    )
  })
  afterEach(() => opened.close())

  /** Asked, then permitted and done: START, OTHER or RUNNING, COMPLETE. */
  async function live() {
    const { record, permit } = await enrol(store)
    const begun = await store.journal.read(0, 100)
    const policyVersion =
      begun.flatMap(({ fact }) => (fact.kind === 'policy.activated' ? fact.version : [])).at(-1) ?? ''
    const allowed = record({ decision: { kind: 'allow', because: ['a'], policyVersion, obligations: [] } })
    await store.commit({ facts: [finished(await permit(allowed, { policyVersion }))] })
    return allowed.id.replace('act_', '')
  }
  const taken = () =>
    sink.told.filter(({ status }) => status === 201).map(({ event }) => `${event.eventType} ${event.run.runId}`)

  it('tells every life in order, with the key of the sink', async () => {
    const runs = [await live(), await live()]
    const expected = runs.flatMap((run) => [`START ${run}`, `COMPLETE ${run}`])
    await expect.poll(taken).toEqual(expected)
    expect(sink.told[0]).toMatchObject({ authorization: 'Bearer the-key', type: 'application/json' })
  })

  it('tells another sink, which has a section of its own, whatever becomes of the first', async () => {
    sink.statuses.push(...Array.from({ length: 20 }, () => 503))
    const run = await live()
    const events = () => other.told.map(({ event }) => `${event.eventType} ${event.run.runId}`)
    await expect.poll(events).toEqual([`START ${run}`, `COMPLETE ${run}`])
    expect(other.told[0]?.authorization).toBeUndefined()
    expect(taken()).toEqual([])
  })

  it('tells a question as well', async () => {
    const { record } = await enrol(store)
    const held = record()
    await store.commit({ facts: [decided(held), asked(sampleOpen(held))] })
    await expect.poll(() => taken().length).toBeGreaterThan(0)
    expect(taken()[0]).toBe(`START ${held.id.replace('act_', '')}`)
  })

  it.each([500, 503, 429])('hands on again what met a %s, and keeps the order', async (status) => {
    sink.statuses.push(201, status, status)
    const run = await live()
    await expect.poll(taken, { timeout: 5_000 }).toEqual([`START ${run}`, `COMPLETE ${run}`])
    expect(sink.told.map(({ status: met }) => met)).toEqual([201, status, status, 201])
    expect(JSON.stringify(lines)).not.toContain('the-key')
  })

  it.each([400, 404, 302])('moves on from what met a %s, and goes nowhere else', async (status) => {
    sink.statuses.push(status)
    const run = await live()
    await expect.poll(taken).toEqual([`COMPLETE ${run}`])
    expect(sink.told.map(({ status: met }) => met)).toEqual([status, 201])
  })
})
