/**
 * Talks to the instance on this machine, over the socket in its data directory.
 *
 * @module
 */
import { request } from 'node:http'
import { Stopped } from './stopped.ts'

export type Ask = <T>(method: 'GET' | 'POST', path: string, body?: object) => Promise<T>

export const createAsk =
  (dataDir: string): Ask =>
  async <T>(method: 'GET' | 'POST', path: string, body?: object) => {
    const { findSocket } = await import('@countersign/server')
    const socketPath = await findSocket(dataDir)
    if (socketPath === undefined) throw nobody()
    return new Promise<T>((resolve, reject) => {
      const asked = request(
        { socketPath, method, path, headers: { 'content-type': 'application/json' } },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.once('end', () => {
            if ((response.statusCode ?? 500) < 400) return resolve(JSON.parse(text) as T)
            const { says } = JSON.parse(text) as { says: string }
            reject(new Stopped(1, says))
          })
        },
      )
      asked.once('error', () => reject(nobody()))
      asked.end(body && JSON.stringify(body))
    })
  }

const nobody = () =>
  new Stopped(1, 'No instance runs here. Start one with `countersign up`, or name its --data directory.')
