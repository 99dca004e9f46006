import { createHash, randomBytes } from 'node:crypto'
import { readdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCut } from './cut.ts'
import { createEgress } from '@countersign/egress'
import { UpstreamConfig } from './config.ts'
import { type Instance, type Init, openInstance, waiting } from './fixture.ts'
import { send } from './send.ts'

let instance: Instance
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-spool-'))
  const config = { spoolFolder: folder, spoolBytes: 6_000_000, requestTimeoutMs: 10_000 }
  const exported = { verb: 'data.export', resources: [{ kind: 'dataset', name: { cel: 'body.name' } }] }
  const thing = { verb: 'http.call', resources: [{ kind: 'route', name: { cel: 'params.name' } }] }
  const routes = {
    'POST /exports': exported,
    'PUT /large/{name}': { ...thing, maxBodyBytes: 3_000_000 },
    'GET /things/{name}': thing,
    'GET /things/{name}/secret': thing,
    'GET /all/{name*}': thing,
  }
  instance = await openInstance({ config, upstream: { routes } })
})
afterAll(async () => {
  await instance.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  instance.attempts.length = 0
  instance.upstream.received.length = 0
  instance.say = () => 'run'
})

const post = (body: Uint8Array, coding: string, path = '/crm/exports') =>
  instance.ask(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'content-encoding': coding },
  } as Init)

const plain = '{"name":"finance.orders"}'
const one = gzipSync(plain)

describe('F3: gzip request bodies are read, and what is read is what is judged, shown and sent', () => {
  it.each<[string, string, Uint8Array]>([
    ['gzip', 'gzip', one],
    ['x-gzip, in capitals', 'X-GZIP', one],
    ['gzip with a name and a comment in its head', 'gzip', withHead(one, 8 | 16, Buffer.from('a.json\0said\0'))],
    ['gzip with more in its head', 'gzip', withHead(one, 4 | 2, Buffer.from([3, 0, 1, 2, 3, 0, 0]))],
    ['br', 'br', brotliCompressSync(plain)],
    ['deflate', 'deflate', deflateSync(plain)],
    ['identity', 'identity', Buffer.from(plain)],
  ])('%s', async (_, coding, body) => {
    expect((await post(body, coding)).status).toBe(200)
    expect(instance.attempts[0]?.action).toMatchObject({
      resources: [{ name: 'finance.orders' }],
      parameters: { body: { text: plain, bytes: plain.length } },
    })
    expect(instance.upstream.received).toMatchObject([
      { body: plain, headers: { 'content-length': `${plain.length}` } },
    ])
    expect(instance.upstream.received[0]?.headers['content-encoding']).toBeUndefined()
  })

  it.each<[string, string, Uint8Array, number]>([
    ['two members', 'gzip', Buffer.concat([one, one]), 400],
    ['an empty member before', 'gzip', Buffer.concat([gzipSync(''), one]), 400],
    ['an empty member behind', 'gzip', Buffer.concat([one, gzipSync('')]), 400],
    ['zeros behind', 'gzip', Buffer.concat([one, Buffer.alloc(4)]), 400],
    ['something behind', 'gzip', Buffer.concat([one, Buffer.from('{"name":"x"}')]), 400],
    ['a cut end', 'gzip', one.subarray(0, -3), 400],
    ['a cut middle', 'gzip', one.subarray(0, 20), 400],
    ['a head alone', 'gzip', one.subarray(0, 10), 400],
    ['another sum', 'gzip', withByte(one, one.length - 8, 1), 400],
    ['another length', 'gzip', withByte(one, one.length - 4, 1), 400],
    ['flags nobody knows', 'gzip', withByte(one, 3, 0x80), 400],
    ['a name without an end', 'gzip', withByte(one, 3, 8), 400],
    ['what is no gzip', 'gzip', Buffer.from(plain), 400],
    ['something behind br', 'br', Buffer.concat([brotliCompressSync(plain), Buffer.from('x')]), 400],
    ['a cut br', 'br', brotliCompressSync(plain).subarray(0, -2), 400],
    ['what is no br', 'br', Buffer.from(plain), 400],
    ['something behind deflate', 'deflate', Buffer.concat([deflateSync(plain), Buffer.from('x')]), 400],
    ['deflate without its frame', 'deflate', deflateRawSync(plain), 400],
    ['no JSON within', 'gzip', gzipSync('{"a":1,"a":2}'), 400],
    ['two codings', 'gzip, br', one, 415],
    ['a coding nobody reads', 'zstd', one, 415],
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(900_000_000 / 100)), 413],
    ['a bomb of br', 'br', brotliCompressSync(Buffer.alloc(100_000_000)), 413],
    ['more than is decoded here', 'gzip', gzipSync(randomBytes(1_200_000)), 413],
  ])('refused: %s', async (_, coding, body, status) => {
    const answer = await post(body, coding)
    expect([answer.status, instance.attempts]).toEqual([status, []])
    if (status === 415) expect(answer.headers.get('accept-encoding')).toBe('gzip, br, deflate')
  })
})

/** With these flags, and what they announce behind the ten bytes of the head. */
function withHead(member: Buffer, flags: number, more: Buffer): Buffer {
  return Buffer.concat([withByte(member, 3, flags).subarray(0, 10), more, member.subarray(10)])
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = value === copy[at] ? value + 1 : value
  return copy
}

it('F3: coded bytes are bounded too, also where nobody says how many come', async () => {
  const coded = gzipSync(randomBytes(1_500_000))
  const answer = await instance.ask('/crm/large/coded', {
    method: 'PUT',
    body: new Blob([coded]).stream(),
    duplex: 'half',
    headers: { 'content-type': 'application/x-image', 'content-encoding': 'gzip' },
  } as Init)
  expect([answer.status, await answer.json()]).toMatchObject([
    413,
    { detail: expect.stringContaining('coded with gzip') },
  ])
  expect(instance.attempts).toEqual([])
})

describe('F7: body limit 1 MiB, not named: it is named, and a route may have another', () => {
  const large = randomBytes(2_500_000)
  const sha256 = createHash('sha256').update(large).digest('hex')
  const put = (body: Uint8Array, path = '/crm/large/disk', headers: Record<string, string> = {}) =>
    instance.ask(path, { method: 'PUT', body, headers: { 'content-type': 'application/x-image', ...headers } } as Init)

  it('a body past it is refused by the number', async () => {
    const answer = await put(large, '/crm/other')
    expect([answer.status, await answer.json()]).toMatchObject([
      413,
      { detail: 'A body may have 1,048,576 bytes at most here.' },
    ])
    const other = await put(randomBytes(3_000_001))
    expect([other.status, await other.json()]).toMatchObject([
      413,
      { detail: 'A body may have 3,000,000 bytes at most here.' },
    ])
    expect(instance.attempts).toEqual([])
  })

  it.each<[string, Uint8Array, Record<string, string>]>([
    ['as it is', large, {}],
    ['JSON', Buffer.from(JSON.stringify('a'.repeat(2_000_000))), { 'content-type': 'application/json' }],
  ])(
    'a larger one is sealed by its hash, sent whole, and lies on disk no longer than its request: %s',
    async (_, body, headers) => {
      const answer = await put(body, '/crm/large/disk', headers)
      expect(answer.status).toBe(200)
      const hash = createHash('sha256').update(body).digest('hex')
      expect(instance.attempts[0]?.action).toMatchObject({
        resources: [{ name: 'disk' }],
        parameters: { body: { sha256: hash, bytes: body.length, content: 'not shown: more than 1,048,576 bytes' } },
      })
      const [sent] = instance.upstream.received
      expect(
        createHash('sha256')
          .update(Buffer.from(sent?.body ?? '', 'latin1'))
          .digest('hex'),
      ).toBe(hash)
      expect(sent?.headers['content-length']).toBe(`${body.length}`)
      expect(await readdir(folder)).toEqual([])
    },
  )

  it('one that is compressed as well', async () => {
    const text = Buffer.from('line\n'.repeat(500_000))
    expect((await put(gzipSync(text), '/crm/large/log', { 'content-encoding': 'gzip' })).status).toBe(200)
    expect(instance.upstream.received[0]?.body).toBe(text.toString())
  })

  it('is named neither while it is held nor afterwards, and makes room again however it ends', async () => {
    let names: string[] = ['not looked']
    instance.say = async () => {
      names = await readdir(folder)
      return waiting
    }
    for (let time = 0; time < 4; time++) expect((await put(large)).status).toBe(428)
    instance.say = () => {
      throw new Error('the gate fell')
    }
    for (let time = 0; time < 4; time++) expect((await put(large)).status).toBe(500)
    for (let time = 0; time < 4; time++)
      expect((await put(randomBytes(3_000_001), '/crm/large/disk', {})).status).toBe(413)
    instance.say = () => 'run'
    expect([(await put(large)).status, names, await readdir(folder)]).toEqual([200, [], []])
  })

  it('is refused where the disk has no room for it, and nothing is run', async () => {
    const release: (() => void)[] = []
    instance.say = async () => {
      await new Promise<void>((done) => release.push(done))
      return waiting
    }
    const held = [put(large), put(large)]
    await expect.poll(() => release.length).toBe(2)
    const answer = await put(large)
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
      503,
      '1',
      { type: 'urn:countersign:error:ERR_SPOOL' },
    ])
    for (const go of release) go()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([428, 428])
  })

  it('what was sealed is what is sent: of a file that is another by now no whole request is made', async () => {
    const { origin } = instance.upstream
    const egress = createEgress({ allowed: [origin] })
    const file = {
      sha256: sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      sizeBytes: large.length,
      async *read() {
        for (let at = 0; at < large.length; at += 65_536) yield large.subarray(at, at + 65_536)
      },
      close: async () => undefined,
    }
    const parameters = { upstream: 'crm', origin, method: 'PUT' as const, target: '/a', headers: {} }
    const upstream = UpstreamConfig.parse({ origin, environment: 'prod' })
    const sent = await send(parameters, { headers: {}, body: file }, upstream, egress, {
      cut: createCut(),
    })
    egress.close()
    expect([sent.kind, instance.upstream.received]).toEqual(['unanswered', []])
  })
})

describe('F4: an encoded slash means one thing, or nothing certain', () => {
  it.each<[string, string]>([
    ['/things/a', 'a'],
    ['/things/a%2Fb', 'GET crm/things/a%2Fb'],
    ['/things/a%2fsecret', 'GET crm/things/a%2Fsecret'],
    ['/all/a%2fb/c', 'a%2Fb/c'],
    ['/@types%2fms', 'GET crm/@types%2Fms'],
  ])('by default %s is %s', async (path, name) => {
    await instance.ask(`/crm${path}`)
    expect(instance.attempts[0]?.action.resources[0]?.name).toBe(name)
    expect(instance.upstream.received[0]?.url.toLowerCase()).toBe(path.toLowerCase())
  })

  it('for an upstream that takes it for data, it is a part of the name', async () => {
    const thing = { verb: 'http.call', resources: [{ kind: 'route', name: { cel: 'params.name' } }] }
    const other = await openInstance({
      upstream: { encodedSlash: 'data', routes: { 'GET /things/{name}': thing, 'GET /things/{name}/secret': thing } },
    })
    await other.ask('/crm/things/group%2fsecret')
    expect(other.attempts[0]?.action.resources[0]?.name).toBe('group%2Fsecret')
    expect(other.upstream.received[0]?.url).toBe('/things/group%2Fsecret')
    await other.close()
  })
})
