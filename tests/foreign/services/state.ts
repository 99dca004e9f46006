/**
 * Where Terraform's `http` backend keeps its state (https://developer.hashicorp.com/terraform/language/backend/http).
 *
 * @module
 */
import { json, type Served, serve } from './served.ts'

export interface StateStore extends Served {
  state: Buffer | undefined
}

export async function serveState(): Promise<StateStore> {
  let lock: Buffer | undefined
  const served = await serve(({ method }, response, body) => {
    switch (method) {
      case 'GET':
        if (!store.state) return response.writeHead(404).end()
        return response.writeHead(200, { 'content-type': 'application/json' }).end(store.state)
      case 'POST':
        store.state = body
        return response.writeHead(200).end()
      case 'LOCK':
        if (lock) return response.writeHead(423, { 'content-type': 'application/json' }).end(lock)
        lock = body
        return response.writeHead(200).end()
      case 'UNLOCK':
        lock = undefined
        return response.writeHead(200).end()
      case undefined:
      default:
        return json(response, 405, {})
    }
  })
  const store: StateStore = { ...served, state: undefined }
  return store
}
