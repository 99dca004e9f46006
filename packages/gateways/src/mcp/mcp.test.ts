import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client, type Progress, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FakeInstance, isAlive, keys, openFakeInstance } from './fixture.ts'

const filesystem = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')),
  'dist/index.js',
)

const authorized = { requestInit: { headers: { authorization: `Bearer ${keys.mine}` } } }

describe('a real client, the gateway and the real filesystem server', () => {
  let folder: string
  let instance: FakeInstance
  const open: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'countersign-mcp-')))
    instance = await openFakeInstance({
      servers: {
        files: { command: [process.execPath, filesystem, folder], preset: 'filesystem', environment: 'test' },
      },
      patienceMs: 60,
      clients: { patient: { ms: 60_000 } },
      progressEveryMs: 10,
    })
  }, 20_000)

  beforeEach(() => {
    instance.gate.verdict = 'allow'
    instance.gate.attempts.length = 0
    instance.gate.runs.length = 0
  })

  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()))
  })

  afterAll(async () => {
    await instance.close()
    await rm(folder, { recursive: true })
  })

  async function connect(name = 'unknown-client'): Promise<Client> {
    const client = new Client({ name, version: '1.0' })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${instance.url}/mcp/files`), authorized))
    open.push(client)
    return client
  }

  const write = (file: string, content: string) => ({
    name: 'write_file',
    arguments: { path: join(folder, file), content },
  })
  const read = (file: string) => readFile(join(folder, file), 'utf8')

  it('lists the server’s tools and the one to wait with, and says how waiting works', async () => {
    const client = await connect()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['write_file', 'read_text_file', 'countersign_wait']),
    )
    expect(client.getInstructions()).toContain('countersign_wait')
  })

  it('P1: what people granted is written, to the byte', async () => {
    instance.gate.verdict = 'ask'
    const client = await connect('patient')
    const content = 'the very bytes: é 😀 \\ "quoted"\r\n\ttab'
    const call = client.callTool(write('granted.txt', content))
    await instance.gate.held(1)
    await expect(read('granted.txt')).rejects.toThrow('ENOENT')
    instance.gate.settle('granted')
    expect(await call).toMatchObject({
      content: [{ type: 'text', text: expect.stringContaining('Successfully wrote') }],
    })
    expect(await read('granted.txt')).toBe(content)
    expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'done' }, delivered: true }])
    expect(instance.gate.attempts[0]?.action).toEqual({
      gateway: 'mcp',
      mode: 'enforcing',
      verb: 'file.write',
      operation: 'files/write_file',
      resources: [{ kind: 'file', name: join(folder, 'granted.txt') }],
      parameters: { server: 'files', tool: 'write_file', arguments: { path: join(folder, 'granted.txt'), content } },
      definition: expect.stringMatching(/^[0-9a-f]{64}$/),
      environment: 'test',
    })
  })

  it('P10: a client that can wait no longer is told, waits with countersign_wait, and its repeat joins the question', async () => {
    instance.gate.verdict = 'ask'
    const client = await connect()
    const pending = await client.callTool(write('later.txt', 'later'))
    expect(pending.isError).toBe(true)
    const [{ text }] = pending.content as unknown as [{ text: string }]
    expect(text).toMatch(
      /^NOT EXECUTED\. Waiting for keepers\. Approval (apr_\d+), http.*do not change the arguments\.$/,
    )
    const approval = /apr_\d+/.exec(text)?.[0]

    const wait = { name: 'countersign_wait', arguments: { approval } }
    expect((await client.callTool(wait)).content).toMatchObject([
      { text: expect.stringContaining('Still waiting for keepers') },
    ])
    const waiting = client.callTool({ ...wait, arguments: { approval, seconds: 60 } })
    instance.gate.settle('granted')
    expect((await waiting).content).toMatchObject([{ text: expect.stringContaining('repeat the original call') }])
    await expect(read('later.txt')).rejects.toThrow('ENOENT')

    expect((await client.callTool(write('later.txt', 'later'))).isError).toBeFalsy()
    expect(await read('later.txt')).toBe('later')
    expect(instance.gate.runs).toHaveLength(1)
  })

  it('sends headers at once, while people still think', async () => {
    instance.gate.verdict = 'ask'
    const headers = { ...authorized.requestInit.headers, 'content-type': 'application/json' }
    const post = (method: string, params: object, session = '') =>
      fetch(`${instance.url}/mcp/files`, {
        method: 'POST',
        headers: { ...headers, ...(session && { 'mcp-session-id': session }) },
        body: JSON.stringify({ jsonrpc: '2.0', id: method, method, params }),
      })
    const hello = await post('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'patient', version: '1' },
    })
    const session = hello.headers.get('mcp-session-id') ?? ''
    const answer = await post('tools/call', write('headers.txt', 'x'), session)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    await instance.gate.held(1)
    instance.gate.settle('granted', instance.gate.questions.size - 1)
    expect(await answer.text()).toContain('Successfully wrote')
  })

  it('tells who asks for progress whom it waits for, again and again, with growing numbers', async () => {
    instance.gate.verdict = 'ask'
    const client = await connect('patient')
    const told: Progress[] = []
    const enough = new Promise<void>((resolve) => {
      void client
        .callTool(write('progress.txt', 'x'), { onprogress: (each) => told.push(each) === 4 && resolve() })
        .catch(() => undefined)
    })
    await enough
    const numbers = told.map(({ progress }) => progress)
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
    expect(told[1]?.message).toMatch(/^Waiting for approval by keepers … http:.* s left$/)
  })

  it.each<[string, (call: AbortController, client: Client) => unknown]>([
    ['cancels its call', (call) => call.abort()],
    ['closes its stream', (_, client) => client.close()],
  ])('P10: nothing runs for a client that %s, and the question stays', async (_, leave) => {
    instance.gate.verdict = 'ask'
    const client = await connect('patient')
    const call = new AbortController()
    const gone = `gone-${instance.gate.attempts.length}-${Math.random()}.txt`
    const answer = client.callTool(write(gone, 'x'), { signal: call.signal }).catch(() => 'gone')
    await instance.gate.held(1)
    await leave(call, client)
    expect(await answer).toBe('gone')
    await instance.gate.held(0)
    expect(instance.gate.attempts[0]?.signal.aborted).toBe(true)
    instance.gate.settle('granted', instance.gate.questions.size - 1)
    expect(instance.gate.runs).toEqual([])

    const again = await connect('patient')
    expect((await again.callTool(write(gone, 'x'))).isError).toBeFalsy()
    expect(await read(gone)).toBe('x')
  })

  it('hands on the tool’s own errors, and records them as failed', async () => {
    const client = await connect()
    const answer = await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/hostname' } })
    expect(answer).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('Access denied') }] })
    expect(instance.gate.runs).toMatchObject([{ outcome: { kind: 'failed' }, delivered: true }])
  })

  it('B4: tells from where a key comes, so that a flood of unknown ones can be slowed', async () => {
    await connect()
    expect([...instance.sources]).toEqual(['127.0.0.1'])
  })

  it('refuses in band, in words', async () => {
    instance.gate.verdict = {
      kind: 'denied',
      reason: 'prohibited',
      because: [{ id: 'no-writes', doc: 'Nobody writes here.' }],
      actionId: 'act_1',
    }
    const client = await connect()
    const answer = await client.callTool(write('denied.txt', 'x'))
    expect(answer.isError).toBe(true)
    expect(answer.content).toMatchObject([{ text: expect.stringContaining('Nobody writes here. (no-writes)') }])
  })

  it('does not begin where policy attaches a duty it cannot fulfil', async () => {
    instance.gate.obligations = [{ kind: 'mask', fields: ['email'] }]
    const answer = await (await connect()).callTool(write('masked.txt', 'x'))
    instance.gate.obligations = []
    expect(answer.isError).toBe(true)
    await expect(read('masked.txt')).rejects.toThrow('ENOENT')
  })

  it('serves clients that ask for the newest era first', async () => {
    const client = new Client({ name: 'modern', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${instance.url}/mcp/files`), authorized))
    open.push(client)
    expect((await client.callTool(write('modern.txt', 'new'))).isError).toBeFalsy()
  })

  it('stands in front of servers that are reached by URL', async () => {
    const url = `${instance.url}/mcp/files`
    const headers = { authorization: `Bearer ${keys.other}` }
    const front = await openFakeInstance({ servers: { far: { url, private: true, headers } } })
    const client = new Client({ name: 'any', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(`${front.url}/mcp/far`), authorized))
    expect((await client.callTool(write('far.txt', 'far'))).isError).toBeFalsy()
    expect(await read('far.txt')).toBe('far')
    expect(instance.gate.attempts[0]?.caller.agent.id).toBe('other') // the instance’s own credentials, not the agent’s
    await client.close()
    await front.close()
  })

  it('serves the client of the older SDK as well', async () => {
    const client = new ClientV1({ name: 'older', version: '1' })
    await client.connect(
      new TransportV1(new URL(`${instance.url}/mcp/files`), authorized) as Parameters<ClientV1['connect']>[0],
    )
    open.push(client)
    const { tools } = await client.listTools()
    expect(tools.length).toBeGreaterThan(10)
    expect(await client.callTool(write('older.txt', 'from v1'))).toMatchObject({ content: [{ type: 'text' }] })
    expect(await read('older.txt')).toBe('from v1')
  })

  it('starts a server again that died, and says so of the call that was lost', async () => {
    const client = await connect()
    const [dead] = instance.pids()
    process.kill(dead ?? 0, 'SIGKILL')
    const answer = await client.callTool(write('reborn.txt', 'again'))
    const second = answer.isError ? await client.callTool(write('reborn.txt', 'again')) : answer
    expect(second.isError).toBeFalsy()
    expect(await read('reborn.txt')).toBe('again')
  })
})

it('leaves no process behind', async () => {
  const instance = await openFakeInstance({ servers: { files: { command: [process.execPath, filesystem, tmpdir()] } } })
  const client = new Client({ name: 'any', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${instance.url}/mcp/files`), authorized))
  await client.listTools()
  const pids = instance.pids()
  expect(pids.map(isAlive)).toEqual([true])
  await client.close()
  await instance.close()
  expect(pids.map(isAlive)).toEqual([false])
})
