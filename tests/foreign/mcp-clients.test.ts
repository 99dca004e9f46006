import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeInstance, keys, openFakeInstance } from '../../packages/gateways/src/mcp/fixture.ts'
import { needs, newerNode } from './needs.ts'

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/**
 * Clients that agents are built with, with their default settings: each calls a tool, the instance is closed and
 * started anew, and the same client, which knows nothing of it, calls again.
 */
describe('C4: a client whose instance was started anew between two calls', () => {
  const server = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')
  const folder = dirname(server)
  const section = { servers: { files: { command: [process.execPath, join(folder, 'dist/index.js'), folder] } } }
  let instance: FakeInstance
  beforeAll(async () => {
    for (const name of ['@openai/agents', '@ai-sdk/mcp', '@modelcontextprotocol/sdk', '@modelcontextprotocol/client'])
      needs(`.cache/foreign/node_modules/${name}/package.json`)
    instance = await openFakeInstance(section)
  })
  afterAll(() => instance.close())

  it.each(['sdk-1', 'sdk-2', 'openai-agents', 'ai-sdk'])('%s: the next call works', async (name) => {
    const client = start(name)
    try {
      expect(await client.told()).toMatchObject({ call: 1, text: expect.stringContaining('[') })
      const { url, tools } = instance
      await instance.close()
      instance = await openFakeInstance(section, { tools, port: Number(new URL(url).port) })
      client.go()
      expect(await client.told()).toMatchObject({ call: 2, text: expect.stringContaining('[') })
    } finally {
      client.end()
    }
  })

  function start(name: string) {
    const child: ChildProcess = spawn(newerNode(), [here('mcp-clients.mjs'), name], {
      env: {
        PATH: process.env['PATH'],
        URL_OF_SERVER: `${instance.url}/mcp/files`,
        KEY: keys.mine,
        FOLDER: folder,
        MODULES: needs('.cache/foreign/node_modules/'),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let muttered = ''
    child.stderr?.on('data', (piece: Buffer) => (muttered += piece.toString()))
    const lines = createInterface({ input: child.stdout ?? process.stdin })
    return {
      async told(): Promise<unknown> {
        const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} has ended: ${muttered}`)))
        const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string]
        return JSON.parse(line)
      },
      go: () => child.stdin?.write('go\n'),
      end: () => child.kill('SIGKILL'),
    }
  }
})
