/**
 * Talks to the house on this machine, over the socket in its data directory.
 *
 * @module
 */
import { request } from 'node:http'
import { CountersignError } from '@countersign/core'
import { operatorSocket } from '@countersign/server'
import { Stopped } from './stopped.ts'

export type Ask = <T>(method: 'GET' | 'POST', path: string, body?: object) => Promise<T>

export const createAsk =
  (dataDir: string): Ask =>
  <T>(method: 'GET' | 'POST', path: string, body?: object) =>
    new Promise<T>((resolve, reject) => {
      const asked = request(
        { socketPath: operatorSocket(dataDir), method, path, headers: { 'content-type': 'application/json' } },
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
      asked.once('error', () => {
        reject(new Stopped(1, `No house runs here. Start one with \`countersign up\`, or name its --data directory.`))
      })
      asked.end(body && JSON.stringify(body))
    })

/** What an error says to the person at the terminal. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof CountersignError)) return error instanceof Error ? error.message : String(error)
  const detail = error.detail === undefined ? '' : ` ${JSON.stringify(error.detail)}`
  return `${error.code}: ${error.message}${detail}`
}
