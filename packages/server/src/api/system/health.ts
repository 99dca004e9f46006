import { createRoute } from '@hono/zod-openapi'
import { Health } from '@countersign/schema'
import type { Api, ApiParts } from '../front/parts.ts'

const said = { description: 'How it is.', content: { 'application/json': { schema: Health } } }

const alive = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether this instance runs.',
  responses: { 200: said },
})
const ready = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether this instance can do its work: its store answers, and lets it run actions.',
  responses: { 200: said, 503: said },
})

/** How long the store may take to answer `/readyz`; after that this instance is not ready (503). */
const patienceMs = 2000

export function health(api: Api, { store, version, running }: ApiParts): void {
  api.openapi(alive, (context) => context.json({ status: 'ok' as const, version }, 200))

  api.openapi(ready, async (context) => {
    if (running.node.epoch() !== undefined && (await soon(store.ledger.head())))
      return context.json({ status: 'ok' as const, version }, 200)
    return context.json({ status: 'unavailable' as const, version }, 503)
  })
}

async function soon(work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs)
  })
  const done = work.then(
    () => true,
    () => false,
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
