import { createLogKey, createSigner, type LogLine, sha256, verifyEd25519 } from '@countersign/core'
import { openCheckpoint } from '@countersign/core/verify'
import { createMemoryStore } from '@countersign/stores'
import { createManualClock, founded } from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openAll } from '../opened.ts'
import { checkpoints } from './checkpoints.ts'
import { startDuty } from './duty.ts'

describe('the published head of the ledger', () => {
  const clock = createManualClock()
  let opened: ReturnType<typeof openAll>
  let memory: ReturnType<typeof createMemoryStore>
  let saved: string[]
  let lines: LogLine[]
  beforeEach(() => {
    opened = openAll()
    memory = createMemoryStore({ clock, origin: 'test.example/default' })
    saved = []
    lines = []
  })
  afterEach(async () => {
    await opened.close()
    await memory.close()
  })

  const never = 3_600_000
  const signer = createSigner('test.example/default', createLogKey())
  const storeThat = (save: (note: string) => void) => ({
    ...memory,
    clock,
    ledger: {
      ...memory.ledger,
      async saveCheckpoint(note: string, size: number) {
        save(note)
        await memory.ledger.saveCheckpoint(note, size)
      },
    },
  })
  const log = (line: LogLine) => void lines.push(line)
  const start = (node: string, everyMs = never, save = (note: string) => void saved.push(note)) => {
    const duty = checkpoints(storeThat(save), signer, everyMs)
    return opened.add(Promise.resolve(startDuty(duty, { store: memory, node, log })))
  }
  const grow = () => memory.commit({ facts: [founded()] })
  const sizes = () => saved.map((note) => Number(note.split('\n')[1]))

  it('is signed by the log, and says its size and root', async () => {
    await grow()
    await (await start('nod_1')).now()
    const parts = { hash: sha256, verifySignature: verifyEd25519 }
    const head = await openCheckpoint(parts, saved[0] ?? '', signer.vkey)
    const { size, root } = await memory.ledger.head()
    expect([head.origin, head.size, Buffer.from(head.root)]).toEqual(['test.example/default', size, Buffer.from(root)])
  })

  it('is not signed for every entry, but once for all since the last', async () => {
    const { now: publish } = await start('nod_1')
    for (let entries = 0; entries < 5; entries += 1) await grow()
    expect(saved).toEqual([])
    await publish()
    await publish()
    expect(sizes()).toEqual([5])
  })

  it('is signed anew within the hour where nothing comes: silence is told from absence', async () => {
    const { now: publish } = await start('nod_1')
    await publish()
    clock.advance(3_599_999)
    await publish()
    expect(sizes()).toEqual([0])
    clock.advance(1)
    await publish()
    expect(sizes()).toEqual([0, 0])
  })

  it('is the work of one instance, and of another when that is gone', async () => {
    const first = await start('nod_1')
    const second = await start('nod_2')
    await grow()
    await first.now()
    await second.now()
    expect(sizes()).toEqual([1])
    await grow()
    await second.now()
    expect(sizes()).toEqual([1])
    clock.advance(5_001)
    await second.now()
    await first.now()
    expect(sizes()).toEqual([1, 2])
  })

  it('two calls at once are one', async () => {
    const { now: publish } = await start('nod_1')
    await grow()
    await Promise.all([publish(), publish(), publish()])
    expect(sizes()).toEqual([1])
  })

  it('comes by itself, and a last time at the end', async () => {
    const publisher = await start('nod_1', 1)
    await grow()
    await expect.poll(() => sizes().at(-1)).toBe(1)
    await grow()
    await publisher.close()
    expect(sizes().at(-1)).toBe(2)
    const count = saved.length
    await grow()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(saved).toHaveLength(count)
    expect(await memory.leases.hold('checkpoints', 'nod_2', 1)).toBeDefined()
  })

  it('what fails is logged, and tried again', async () => {
    let fails = true
    const { now: publish } = await start('nod_1', never, (note) => {
      if (fails) throw new Error('disk full')
      saved.push(note)
    })
    await publish()
    expect(lines).toMatchObject([{ level: 'warn', code: 'ERR_INTERNAL' }])
    fails = false
    await publish()
    expect(sizes()).toEqual([0])
  })
})
