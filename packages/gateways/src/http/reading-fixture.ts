/**
 * For tests of what is read: routes whose mapping looks into the body, the query and the form, and one request to them.
 *
 * @module
 */
import { afterEach } from 'vitest'
import { type Instance, openInstance } from './fixture.ts'

let instance: Instance | undefined
/** Once in each file of tests: files may share this module, and hooks belong to the file that is read. */
export const closeAfterEach = (): void =>
  afterEach(async () => {
    await instance?.close()
    instance = undefined
  })

export const cel = (text: string) => ({ cel: text })
export const exporting = {
  verb: 'data.export',
  resources: [{ kind: 'dataset', name: cel('body.dataset') }],
  destination: cel('body.destination'),
  rows: cel('has(body.rows) ? body.rows : 0'),
  rowsFrom: 'request',
}
export const listing = {
  verb: 'data.read',
  resources: [{ kind: 'dataset', name: 'finance.orders' }],
  rows: cel('int(query.limit)'),
  rowsFrom: 'request',
}
export const uploading = {
  verb: 'data.write',
  resources: [{ kind: 'dataset', name: cel('form.dataset') }],
}

/** A gateway before such an upstream. The one that was open is closed. */
export async function open(upstream: object): Promise<Instance> {
  await instance?.close()
  instance = await openInstance({ upstream })
  return instance
}

export async function ask(routes: object, path: string, type?: string, body?: string) {
  const gateway = await open({ routes })
  const init = body === undefined ? {} : { method: 'POST', body, headers: type ? { 'content-type': type } : {} }
  const response = await gateway.ask(`/crm${path}`, init)
  const { detail = '' } = response.status === 400 ? ((await response.json()) as { detail?: string }) : {}
  return { status: response.status, detail, attempts: gateway.attempts, received: gateway.upstream.received }
}

export const json = 'application/json'
export const order = { dataset: 'finance.orders', rows: 5, destination: 'warehouse.acme.example' }
export const written = (more: string) => `${JSON.stringify(order).slice(0, -1)},${more}}`
