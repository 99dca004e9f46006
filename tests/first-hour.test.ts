/**
 * The first hour as someone has it who has never seen us: what `docs/quick-start.md` says, and nothing else, in an empty
 * folder with an MCP server that others wrote and an API that knows nothing of us.
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
import { afterEach, beforeEach, expect, it } from 'vitest'

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
  const call = [import.meta.resolve('tsx'), '--conditions=countersign-source', join(root, 'packages/cli/src/main.ts')]
  await writeFile(join(top, 'bin/countersign'), `#!/bin/sh\nexec ${process.execPath} --import ${call.join(' ')} "$@"\n`)
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
})
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

/** As a shell in the project's folder would run it. What is not the reader's, the ports, is free ones here. */
function shell(command: string, env: Record<string, string>) {
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
  return { ended }
}

it('G3: the guide takes six commands and no edited line, and what it writes for an own MCP server and an own API stands', async () => {
  const { commands, edited } = await guide()
  expect([commands.length <= 6, edited <= 10]).toEqual([true, true])
  const [install = '', init = '', up = '', , addAgent = '', firstCall = ''] = commands
  expect(install).toContain('npm install') // done, or this would not run
  expect([up, addAgent, firstCall].map((each) => each.split(' ').slice(0, 2).join(' '))).toEqual([
    'countersign up',
    'countersign agents',
    'curl -i',
  ])

  const origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  const begun = await shell(init.replace('http://localhost:8080', origin), {}).ended
  expect(begun).toMatchObject({ code: 0, said: expect.stringMatching(/Behind the gate: \/mcp\/files, \/tasks/) })
  expect(await shell('countersign check', {}).ended).toMatchObject({ code: 0 })
  expect(await shell('countersign policy test policies', {}).ended).toMatchObject({ code: 0 })
}, 120_000)
