import { createServer } from 'node:http'
import type { Running } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWayOut } from './way-out.ts'
import { begin, end } from './fixture.ts'

const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`)
  if (request.url === '/moved') return response.writeHead(307, { location: '/' }).end()
  if (request.url === '/gone') return response.destroy()
  return response.writeHead(202).end('taken')
})
const parts: Running[] = []
const out = createWayOut((part) => parts.push(part))
let origin: string
beforeAll(async () => {
  origin = await begin(server)
})
afterAll(async () => {
  for (const part of parts) await part.close()
  await end(server)
})

describe('the way out to an address that an operator wrote down', () => {
  it('posts there, and tells the status', async () => {
    expect(await out.postTo(origin)(`${origin}/in`, { 'content-type': 'text/plain' }, 'a')).toBe(202)
  })

  it('a redirect is an answer, and is not followed', async () => {
    asked.length = 0
    expect(await out.postTo(origin)(`${origin}/moved`, {}, 'a')).toBe(307)
    expect(asked).toEqual(['POST /moved'])
  })

  it('leads into a private network there, and nowhere else in it', async () => {
    const elsewhere = out.postTo('http://127.0.0.1:9')
    await expect(elsewhere(`${origin}/in`, {}, 'a')).rejects.toMatchObject({ code: 'ERR_EGRESS_REFUSED' })
    const fetch = out.fetchTo('https://id.example')
    await expect(fetch(new Request(origin))).rejects.toMatchObject({ code: 'ERR_EGRESS_REFUSED' })
  })

  it('who hangs up is told as such', async () => {
    await expect(out.postTo(origin)(`${origin}/gone`, {}, 'a')).rejects.toMatchObject({ code: 'ERR_UPSTREAM' })
  })

  it('is closed with the rest', () => {
    const opened = parts.length
    out.postTo(origin)
    expect(parts).toHaveLength(opened + 1)
  })
})
