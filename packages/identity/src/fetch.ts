import { trustworthy } from './loopback.ts'

export type Fetch = typeof globalThis.fetch

/** Of an answer of the provider; none of its metadata, keys or tokens comes near it. A larger one fails the sign-in. */
const mostBytes = 1 << 20

/** Refuses addresses that are neither https nor on this machine, redirects, and answers beyond a mebibyte. */
export const boundedFetch =
  (fetch: Fetch) =>
  async (url: string, options: object): Promise<Response> => {
    if (!trustworthy(new URL(url))) throw new Error('the provider names an address that is not https')
    const response = await fetch(url, { ...options, redirect: 'manual' })
    const { status, statusText, headers } = response
    const body = [101, 204, 205, 304].includes(status) ? null : await readAtMost(response)
    return new Response(body, { status, statusText, headers })
  }

async function readAtMost(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > mostBytes) throw new Error('the provider’s answer is too large')
    chunks.push(chunk)
  }
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}
