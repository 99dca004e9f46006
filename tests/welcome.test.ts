import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@countersign/demo'
import { Config, startInstance } from '@countersign/server'
import { afterAll, beforeAll, expect, it } from 'vitest'

const policies = fileURLToPath(new URL('../policies', import.meta.url))
let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'countersign-welcome-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL runs as someone else
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

it('a deployment that nobody founded leaves its one-time link for whoever may read its data, and takes it away again', async () => {
  const [port = 0] = await freePorts(1)
  const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']
  const config = Config.parse({ listen: { port }, policies, registry: join(policies, 'registry.yaml'), agentGroups })
  const instance = await startInstance({
    config,
    dataDir,
    baseDir: dataDir,
    consoleDir: dataDir,
    version: 'test',
    log: () => undefined,
  })
  const file = join(dataDir, 'welcome')
  try {
    expect(instance.welcome).toMatch(new RegExp(`^http://localhost:${port}/welcome/[\\w-]{43}$`))
    expect(await readFile(file, 'utf8')).toBe(`${instance.welcome}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  } finally {
    await instance.close()
  }
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
})
