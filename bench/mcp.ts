/**
 * `tools/call` over raw HTTP to an MCP server that does nothing: through an instance, which decides and records, beside
 * bridges that decide and record nothing, and beside the same server over HTTP itself.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@countersign/demo'
import { bare, startBare } from './http.ts'
import { makeFolder, openInstance } from './instance.ts'
import { type Aim, type Bench, ratioOf, type Row, rowOf, type Side, takeTurns } from './measure.ts'
import { run, start, withCpu } from './processes.ts'
import { digits } from './report.ts'
import { wrk } from './wrk.ts'

export const mcp: Bench = {
  name: 'mcp',
  about: 'a tool call over MCP, beside direct, mcp-proxy and supergateway',
  pictures: [{ title: 'Answered tool calls a second', figure: 'perSecond' }],

  async run(settings) {
    const peers = await installPeers(settings.say)
    const folder = await makeFolder()
    const [port = 0, proxyPort = 0, supergatewayPort = 0] = await freePorts(3)
    const servers = {
      files: { command: [...bare, 'stdio'] },
      far: { url: `http://127.0.0.1:${port}/mcp`, private: true },
    }
    const rule = { tools: { echo: { verb: 'file.read', resources: [{ kind: 'file', name: '"/bench"' }] } } }
    const opened = [startBare('http', port)]
    const instance = await openInstance(() => ({
      mcp: { servers: { files: { ...servers.files, ...rule }, far: { ...servers.far, ...rule } } },
    }))
    const proxy = start([...peers.mcpProxy, '--host', '127.0.0.1', '--port', String(proxyPort), '--', ...bare, 'stdio'])
    const stdio = [...bare, 'stdio'].join(' ')
    const words = '--outputTransport streamableHttp --stateful --logLevel none'.split(' ')
    const at = ['--stdio', stdio, '--port', String(supergatewayPort)]
    const supergateway = start([...peers.supergateway, ...at, ...words])
    opened.push(proxy, supergateway)
    const key = { authorization: `Bearer ${instance.key}` }
    const ways = [
      { name: 'Countersign', url: `${instance.url}/mcp/files`, headers: key, pid: instance.pid },
      { name: 'Countersign, server over HTTP', url: `${instance.url}/mcp/far`, headers: key, pid: instance.pid },
      { name: 'mcp-proxy', url: `http://127.0.0.1:${proxyPort}/mcp`, headers: {}, pid: proxy.pid },
      { name: 'supergateway', url: `http://127.0.0.1:${supergatewayPort}/mcp`, headers: {}, pid: supergateway.pid },
      { name: 'direct, server over HTTP', url: `http://127.0.0.1:${port}/mcp`, headers: {}, pid: undefined },
    ]
    try {
      const rows: Row[] = []
      const sides: ((atOnce: number, forMs: number) => Side)[] = []
      for (const { name, url, headers, pid } of ways) {
        const session = await openSession(url, headers)
        const target = { url, headers: session, body: call, expects: 'bare answer' }
        sides.push((atOnce, forMs) => ({
          name,
          measure: () => withCpu(pid, () => wrk(target, { atOnce, forMs, folder })),
        }))
      }
      settings.say('warming up')
      for (const side of sides) await side(16, settings.warmMs).measure()
      for (const atOnce of [1, 16]) {
        const now = sides.map((side) => side(atOnce, settings.forMs))
        rows.push(...(await takeTurns(`${atOnce} at once`, now, settings)))
      }
      return { rows, aims: aimsOf(rows) }
    } finally {
      await instance.close()
      for (const { close } of opened) await close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function aimsOf(rows: readonly Row[]): Aim[] {
  return ['mcp-proxy', 'supergateway'].map((peer) => {
    const what = '16 at once'
    const [ours, theirs] = [rowOf(rows, what, 'Countersign'), rowOf(rows, what, peer)]
    const ratio = (ours && theirs && ratioOf(ours, theirs, 'perSecond')) ?? Number.NaN
    return { says: `faster than ${peer}, ${what}`, met: ratio > 1, got: `${digits(ratio)}×` }
  })
}

const call = JSON.stringify({
  jsonrpc: '2.0',
  id: 'number',
  method: 'tools/call',
  params: { name: 'echo', arguments: { text: 'call %d' } },
}).replace('"number"', '%d')

/**
 * https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#streamable-http; the headers of later
 * calls.
 */
async function openSession(url: string, headers: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const common = { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const post = (message: object, more: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { ...common, ...more },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    })
  const clientInfo = { name: 'bench', version: '1' }
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
  for (let left = 600; ; left -= 1) {
    const hello = await post({ id: 0, method: 'initialize', params }).catch(() => undefined)
    if (hello?.ok) {
      await hello.text()
      const id = hello.headers.get('mcp-session-id')
      const session = { 'mcp-protocol-version': '2025-06-18', ...(id !== null && { 'mcp-session-id': id }) }
      await (await post({ method: 'notifications/initialized' }, session)).text()
      return { ...common, ...session }
    }
    if (left === 0) throw new Error(`${url} does not open a session: ${hello?.status} ${await hello?.text()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const peerVersions = ['mcp-proxy@6.7.19', 'supergateway@4.0.0']

/** From npm, once, beside the workspaces: nothing of ours depends on them. */
async function installPeers(say: (progress: string) => void) {
  const folder = fileURLToPath(new URL('../.cache/bench', import.meta.url))
  const mcpProxy = join(folder, 'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs')
  const supergateway = join(folder, 'node_modules/supergateway/dist/index.js')
  if (!existsSync(mcpProxy) || !existsSync(supergateway)) {
    await mkdir(folder, { recursive: true })
    await install(folder, say)
  }
  const loopback = join(folder, 'loopback.cjs')
  await writeFile(loopback, onLoopback)
  return { mcpProxy: [process.execPath, mcpProxy], supergateway: [process.execPath, '-r', loopback, supergateway] }
}

/**
 * Some 210 packages. What npm has fetched before it does not ask for again, which is most of the time that it takes.
 */
async function install(folder: string, say: (progress: string) => void): Promise<void> {
  const started = performance.now()
  const tell = () => {
    const seconds = Math.round((performance.now() - started) / 1000)
    say(`installing ${peerVersions.join(' and ')} from npm, once: ${seconds} s`)
  }
  tell()
  const timer = setInterval(tell, 5_000)
  const quietly = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  try {
    await run(['npm', 'install', ...quietly, '--prefix', folder, ...peerVersions])
  } finally {
    clearInterval(timer)
  }
}

/** supergateway listens on every address of the machine; here it has no business beyond this one. */
const onLoopback = `const { Server } = require('node:net')
const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  return typeof port === 'object' ? listen.call(this, { ...port, host: '127.0.0.1' }, ...rest)
    : listen.call(this, { port, host: '127.0.0.1' }, ...rest.filter((each) => typeof each === 'function'))
}
`
