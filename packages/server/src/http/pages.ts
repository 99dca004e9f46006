/**
 * The console's files, as they were built.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/** Files by their name; every other path is the application, which reads it itself. */
export function createPages(directory: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
    }
    const answer = (bytes: Buffer, headers: Record<string, string>) =>
      new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), { headers })
    const path = normalize(new URL(request.url).pathname)
    const type = types[extname(path)]
    const file =
      type && !path.includes('\0') && !path.split(sep).includes('..') ? await read(join(directory, path)) : undefined
    if (file) {
      // Built files carry a hash of their content in their name.
      const cache = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
      return answer(file, { 'content-type': type ?? '', 'cache-control': cache })
    }
    if (type && type !== types['.html']) return new Response(null, { status: 404 })
    const page = await read(join(directory, 'index.html'))
    if (!page) return new Response('The console is not built.', { status: 503 })
    return answer(page, { 'content-type': types['.html'] ?? '', 'cache-control': 'no-cache' })
  }
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
