/**
 * The ledger for people (`/api/ledger`) and for tools that trust nobody (`/ledger/*`).
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { createRoute } from '@hono/zod-openapi'
import { LedgerView } from '@countersign/schema'
import type { Api, ApiParts } from '../front/parts.ts'
import { answers } from '../front/route.ts'
import { fullWidth, parseTile, tileBytes } from './tiles.ts'
import { mustBelong, visitorOf } from '../front/who.ts'

const read = createRoute({
  method: 'get',
  path: '/api/ledger',
  summary: 'How far the ledger has come, and who vouches for it.',
  responses: answers(LedgerView, 'The head.'),
})

const bytes = 'application/octet-stream'
const plain = 'text/plain; charset=utf-8'
/** A full tile never changes again. A partial one may be gone once the full one is there. */
const forever = 'public, max-age=31536000, immutable'
const shortly = 'public, max-age=300'

export function ledger(api: Api, parts: ApiParts): void {
  const { store, vkey } = parts

  api.openapi(read, async (context) => {
    await mustBelong(parts, context)
    const [{ size, root }, checkpoint] = await Promise.all([store.ledger.head(), store.ledger.checkpoint()])
    const { origin } = store.ledger
    const base64 = Buffer.from(root).toString('base64')
    return context.json(
      {
        state: 'unanchored' as const,
        origin,
        vkey,
        size,
        root: base64,
        ...(checkpoint !== undefined && { checkpoint }),
      },
      200,
    )
  })

  api.use('/ledger/*', async (context, next) => {
    if (!parts.ledgerOpen) await visitorOf(parts, context.req.raw)
    await next()
  })

  api.get('/ledger/checkpoint', async () => {
    const checkpoint = await store.ledger.checkpoint()
    if (checkpoint === undefined) throw new CountersignError('ERR_NOT_FOUND', 'no checkpoint yet')
    return served(checkpoint, plain, 'no-cache')
  })

  api.get('/ledger/vkey', () => served(`${vkey}\n`, plain, 'no-cache'))

  api.get('/ledger/tile/*', async (context) => {
    const tile = parseTile(new URL(context.req.url).pathname.slice('/ledger/tile/'.length))
    if (!tile) throw new CountersignError('ERR_NOT_FOUND')
    return served(await tileBytes(store.ledger, tile), bytes, tile.width === fullWidth ? forever : shortly)
  })
}

const served = (body: string | Uint8Array, type: string, cache: string) =>
  new Response(typeof body === 'string' ? body : new Uint8Array(body), {
    headers: { 'content-type': type, 'cache-control': cache },
  })
