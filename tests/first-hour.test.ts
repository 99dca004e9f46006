/**
 * The first hour as someone has it who has never seen us: what `docs/quick-start.md` says, and nothing else, in an
 * empty folder with an MCP server that others wrote and an API that knows nothing of us.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, freePorts, openBrowser, send } from '@countersign/demo'
import type { ApprovalPage, ApprovalView } from '@countersign/schema'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { builtProgram } from './program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

let folder: string
let api: Server
const running: ChildProcess[] = []
const items: string[] = []

beforeEach(async () => {
  const top = await mkdtemp(join(tmpdir(), 'countersign-first-'))
  if (process.getuid?.() === 0) await chmod(top, 0o711)
  folder = join(top, 'my-project')
  await mkdir(folder)
  await mkdir(join(top, 'bin'))
  await writeFile(join(top, 'bin/countersign'), `#!/bin/sh\nexec ${process.execPath} ${await builtProgram()} "$@"\n`)
  await chmod(join(top, 'bin/countersign'), 0o755)

  const server = createRequire(join(root, 'packages/demo/package.json')).resolve(
    '@modelcontextprotocol/server-filesystem/dist/index.js',
  )
  const mcpServers = { files: { command: process.execPath, args: [server, folder] } }
  await writeFile(join(folder, '.mcp.json'), JSON.stringify({ mcpServers }))

  items.length = 0
  api = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.once('end', () => {
      if (request.method === 'POST') items.push(body)
      response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ items: items.length }))
    })
  })
  await new Promise<void>((ready) => void api.listen(0, '127.0.0.1', ready))
}, 300_000)
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'close')
  }
  await new Promise((done) => api.close(done))
  await rm(join(folder, '..'), { recursive: true, force: true, maxRetries: 5 })
})

interface Guide {
  /** One a line of a fenced `sh` block, in order. */
  readonly commands: readonly string[]
  /** Lines of other fenced blocks: what someone would have to type into a file. */
  readonly edited: number
}

async function guide(): Promise<Guide> {
  const text = await readFile(join(root, 'docs/quick-start.md'), 'utf8')
  const blocks = [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, body = '']) => ({ language, body }))
  const lines = (body: string) => body.split('\n').filter((line) => line.trim() !== '')
  return {
    commands: blocks.filter(({ language }) => isShell(language)).flatMap(({ body }) => lines(body)),
    edited: blocks.filter(({ language }) => !isShell(language)).flatMap(({ body }) => lines(body)).length,
  }
}

const isShell = (language: string | undefined) => language === 'sh' || language === 'shell'

/** As a shell in the project's folder would run it. */
function shell(command: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn('bash', ['-c', command], {
    cwd: folder,
    env: {
      ...env,
      PATH: `${join(folder, '../bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: join(folder, '..'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }))
  return {
    ended,
    /** The first that it says of this form. */
    async says(form: RegExp): Promise<string> {
      await expect.poll(() => form.test(said) || child.exitCode !== null, { timeout: 120_000 }).toBe(true)
      const [, found] = form.exec(said) ?? []
      if (found === undefined) throw new Error(`${command}: ${said}`)
      return found
    },
  }
}

async function done(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, said } = await shell(command, env).ended
  expect([command, code, said]).toEqual([command, 0, said])
  return said
}

/** The question that waits, as soon as one does. */
async function questionFor({ get }: Browser): Promise<ApprovalView> {
  const open = async () => (await get<ApprovalPage>('/api/approvals?state=open')).items
  await expect.poll(async () => (await open()).length, { timeout: 30_000 }).toBe(1)
  const [first] = await open()
  return get(`/api/approvals/${first?.id}`)
}

const approve = ({ post }: Browser, { id, shown }: ApprovalView) =>
  post(`/api/approvals/${id}/signatures`, { verdict: 'approve', shown })

it('G3: the guide alone puts an own MCP server and an own API behind the gate, and what waits runs once Ben approves it', async () => {
  const { commands, edited } = await guide()
  // oxlint-disable-next-line no-console -- what was counted is told
  console.info(`The guide takes ${commands.length} commands and ${edited} edited lines.`)
  expect([commands.length <= 6, edited <= 10]).toEqual([true, true])
  const [install = '', init = '', up = '', addBen = '', addAgent = '', firstCall = ''] = commands
  expect(install).toContain('npm install') // done, or this would not run

  const origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  expect(await done(init.replace('http://localhost:8080', origin))).toContain('Behind the gate: /mcp/files, /tasks')
  const [port = 0, httpPort = 0] = await onFreePorts()
  expect(await done('countersign check')).toContain('fine')
  await done('countersign policy test policies')

  const standing = shell(up)
  const publicUrl = await standing.says(/^Countersign stands at (\S+)$/m)
  expect(publicUrl).toBe(`http://localhost:${port}`)
  await standing.says(/(people are local)/)
  const [ana, ben] = [openBrowser(publicUrl), openBrowser(publicUrl)]
  await ana.submit(await standing.says(/First administrator.*?(http\S+)/), { name: 'Ana' })
  await ben.submit((/http:\S+/.exec(await done(addBen)) ?? [''])[0], {})

  const ready = await done(addAgent)
  const key = /export COUNTERSIGN_KEY=(\S+)/.exec(ready)?.[1] ?? ''
  expect(ready).toContain(`claude mcp add --transport http files ${publicUrl}/mcp/files `)

  const curl = shell(firstCall.replace(':4601', `:${httpPort}`), { COUNTERSIGN_KEY: key })
  const posting = await questionFor(ben)
  expect([items, (await approve(ana, posting)).status]).toEqual([[], 403]) // nobody approves their own
  expect((await approve(ben, posting)).status).toBe(200)
  expect(await curl.ended).toMatchObject({ code: 0, said: expect.stringMatching(/^HTTP\/1.1 201 [^]*\{"items":1\}$/m) })
  expect(items).toEqual(['{"title":"Hello"}'])

  const note = join(folder, 'note.md')
  const call = { over: 'mcp', tool: 'write_file', arguments: { path: note, content: 'Held, then written' } } as const
  const gatewayUrl = `http://127.0.0.1:${httpPort}`
  const writing = send({ purpose: 'The guide', call }, { publicUrl, gatewayUrl, key })
  const written = await questionFor(ben)
  await expect(readFile(note)).rejects.toThrow('ENOENT')
  expect((await approve(ben, written)).status).toBe(200)
  expect((await writing).text).toContain('Successfully wrote')
  expect(await readFile(note, 'utf8')).toBe('Held, then written')
}, 300_000)

/** Those of the guide may be taken on this machine. */
async function onFreePorts(): Promise<readonly number[]> {
  const ports = await freePorts(2)
  const file = join(folder, 'countersign.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replaceAll('4600', `${ports[0]}`).replaceAll('4601', `${ports[1]}`))
  return ports
}
