import { once } from 'node:events'
import { connect } from 'node:net'
import type { Handler, LogLine } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { openAll } from '../opened.ts'
import { listen } from './listener.ts'
import { createMounted } from './mounted.ts'

describe('a path that a gateway answers itself', () => {
  const opened = openAll()
  afterEach(() => opened.close())

  async function start(handler: Handler) {
    const log: LogLine[] = []
    const mounted = createMounted({ publicUrl: 'https://countersign.example', log: (line) => log.push(line) })
    const { answers } = mounted
    const fetched = async (request: Request) => new Response(`fetched ${new URL(request.url).pathname}`)
    const { port } = await opened.add(listen({ host: '127.0.0.1', port: 0, fetch: fetched, answers }))
    mounted.mount('/own', handler)
    /** All that comes back until the connection closes. */
    const raw = async (...pieces: readonly string[]) => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      for (const piece of pieces) socket.write(piece)
      await once(socket, 'close')
      return text
    }
    const get = (target: string, host = 'localhost') =>
      raw(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    return { log, raw, get }
  }

  const own: Handler = async (request, response) => void response.end(`own ${request.url}`)

  it.each([
    ['/own', 'own /own'],
    ['/own/a?b=c', 'own /own/a?b=c'],
    ['/own?b=c', 'own /own?b=c'],
    ['http://localhost/own/a?b', 'own /own/a?b'],
    ['/owner', 'fetched /owner'],
    ['/%6fwn', 'fetched /%6fwn'],
    ['/x/own', 'fetched /x/own'],
  ])('is that path and what is below, nothing beside: %s', async (target, expected) => {
    const { get } = await start(own)
    expect(await get(target)).toContain(`\r\n\r\n`)
    expect((await get(target)).includes(expected)).toBe(true)
  })

  it.each([
    ['its own name', 'countersign.example', 200],
    ['a name of this machine', 'LOCALHOST:4600', 200],
    ['another name', 'evil.example', 421],
    ['no name', '', 421],
    ['two names', 'countersign.example, evil.example', 421],
  ])('is answered under %s as everything else is', async (_, host, status) => {
    const { get } = await start(own)
    await get('/own') // one that is ours goes before
    const answer = await get('/own', host)
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    if (status === 421) expect(answer).toContain('"code":"ERR_HOST"')
  })

  it('that fails is told as an inner error, of which nothing is told', async () => {
    const { get, log } = await start(async () => Promise.reject(new Error('secret')))
    const answer = await get('/own')
    expect(answer).toContain('HTTP/1.1 500 ')
    expect(answer).toContain('"code":"ERR_INTERNAL"')
    expect(answer).toContain('x-content-type-options: nosniff')
    expect(log).toMatchObject([{ level: 'error', code: 'ERR_INTERNAL' }])
    expect(answer + JSON.stringify(log)).not.toContain('secret')
  })

  it('that fails after it has begun breaks off', async () => {
    const { get } = await start(async (_, response) => {
      response.writeHead(200).write('half')
      throw new Error('secret')
    })
    expect(await get('/own')).not.toContain('\r\n0\r\n')
  })

  it('says itself whether a body may come; everything else is sent one at once', async () => {
    const { raw } = await start(async (_, response) => void response.writeHead(401, { connection: 'close' }).end())
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 1\r\nconnection: close\r\n\r\n`
    expect(await raw(head('/own'))).toMatch(/^HTTP\/1\.1 401 /)
    expect(await raw(head('/other'), 'x')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })
})
