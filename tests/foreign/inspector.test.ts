import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestInstance, type TestInstance, until } from '../instance.ts'
import { needs, newerNode } from './needs.ts'

/** https://github.com/modelcontextprotocol/inspector, as a person would use it from a terminal. */
describe('the MCP inspector through a real instance', () => {
  const inspector = needs('.cache/foreign/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js')
  const node = newerNode()
  let instance: TestInstance
  let folder: string
  beforeAll(async () => {
    instance = await openTestInstance()
    folder = await mkdtemp(join(tmpdir(), 'countersign-inspector-'))
  })
  afterAll(async () => {
    await instance.close()
    await rm(folder, { recursive: true, force: true })
  })

  function inspect(...words: string[]): Promise<{ code: number; said: string; muttered: string }> {
    const header = `Authorization: Bearer ${instance.demo.keys['ops-bot']}`
    const all = [inspector, '--cli', `${instance.url}/mcp/files`, '--transport', 'http', '--header', header, ...words]
    return new Promise((resolve) => {
      const child = execFile(node, all, { env: { HOME: folder, PATH: process.env['PATH'] } }, (_, said, muttered) => {
        resolve({ code: child.exitCode ?? -1, said, muttered })
      })
    })
  }

  it('lists the tools of the server behind', async () => {
    const { code, said, muttered } = await inspect('--method', 'tools/list')
    expect([code, muttered], muttered).toEqual([0, expect.anything()])
    const { tools } = JSON.parse(said) as { tools: { name: string }[] }
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['read_text_file', 'write_file', 'countersign_wait']),
    )
  })

  it('waits while a person looks, and then exactly what they saw is written', async () => {
    const call = write('seen.txt', 'as it was seen')
    const question = await asked()
    expect(question.card.bound.action.parameters).toMatchObject({
      arguments: { path: 'seen.txt', content: 'as it was seen' },
    })
    expect((await instance.sign('cleo', question)).status).toBe(200)
    const { code, muttered } = await call
    expect(code, muttered).toBe(0)
    expect(await readFile(join(instance.demo.folder, 'seen.txt'), 'utf8')).toBe('as it was seen')
  })

  it('reads the reason where a person rejects', async () => {
    const call = write('never.txt', 'never')
    const { id, shown } = await asked()
    const rejection = { verdict: 'reject', reason: 'Not tonight.', shown }
    expect((await instance.people.cleo.post(`/api/approvals/${id}/signatures`, rejection)).status).toBe(200)
    const { said, muttered } = await call
    expect(said + muttered).toContain('Not tonight.')
    await expect(readFile(join(instance.demo.folder, 'never.txt'))).rejects.toThrow('ENOENT')
  })

  const write = (path: string, content: string) =>
    inspect('--method', 'tools/call', '--tool-name', 'write_file', '--tool-arg', `path=${path}`, `content=${content}`)

  async function asked() {
    const { items } = await until(
      () => instance.people.cleo.get<{ items: { id: string; verb: string }[] }>('/api/approvals?state=open'),
      (page) => page.items.some(({ verb }) => verb === 'file.write'),
    )
    return instance.question(items.find(({ verb }) => verb === 'file.write')?.id ?? '', 'cleo')
  }
})
