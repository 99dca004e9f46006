/**
 * Git's own server, `git http-backend`, as a CGI program (RFC 3875).
 *
 * @module
 */
import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Served, serve } from './served.ts'

/** Serves the bare repositories in a folder. */
export const serveGit = (folder: string): Promise<Served> =>
  serve(async (request, response, body) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://git')
    const child = spawn('git', ['http-backend'], {
      env: { ...environment(request, pathname, search), GIT_PROJECT_ROOT: folder },
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(body)
    const parts: Buffer[] = []
    for await (const part of child.stdout as AsyncIterable<Buffer>) parts.push(part)
    answer(response, Buffer.concat(parts))
  })

const environment = ({ method, headers }: IncomingMessage, pathname: string, search: string) => ({
  PATH: process.env['PATH'],
  GIT_HTTP_EXPORT_ALL: '1',
  REMOTE_USER: 'gateway',
  REQUEST_METHOD: method,
  PATH_INFO: pathname,
  QUERY_STRING: search.slice(1),
  CONTENT_TYPE: headers['content-type'] ?? '',
  CONTENT_LENGTH: headers['content-length'] ?? '',
  GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
})

function answer(response: ServerResponse, said: Buffer): void {
  const end = said.indexOf('\r\n\r\n')
  const lines = said.subarray(0, end).toString('latin1').split('\r\n')
  const fields = lines.map((line) => line.split(/:\s*/, 2) as [string, string])
  const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200)
  response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== 'Status')))
  response.end(said.subarray(end + 4))
}
