/**
 * One instance's gate as a process of its own: `once.ts <json>`. Says `ready` once it is warm, and its figures for each
 * line that it is sent.
 *
 * @module
 */
import { createInterface } from 'node:readline'
import { createPostgresStore } from '@countersign/stores'
import type pg from 'pg'
import { openAllowed, sampleRegistry } from './allowed.ts'
import { load, percentiles } from './measure.ts'

export interface Once {
  readonly connection: pg.ClientConfig
  readonly node: string
  /** Base64. */
  readonly kek: string
  readonly tenant: string
  readonly atOnce: number
  readonly forMs: number
  readonly warmMs: number
}

const { connection, node, kek, tenant, atOnce, forMs, warmMs } = JSON.parse(process.argv[2] ?? '') as Once
const keys = { kek: Buffer.from(kek, 'base64'), tenant: Buffer.from(tenant, 'base64') }
const store = await createPostgresStore({ connection, keys, origin: 'bench/default' })
const gate = await openAllowed({ store, registry: await sampleRegistry(), node })
await load({ atOnce, forMs: warmMs }, gate.pass)
process.stdout.write('"ready"\n')
for await (const _ of createInterface({ input: process.stdin })) {
  const { took, seconds } = await load({ atOnce, forMs }, gate.pass)
  process.stdout.write(
    `${JSON.stringify({ answered: took.length, perSecond: took.length / seconds, ...percentiles(took) })}\n`,
  )
}
gate.close()
await store.close()
