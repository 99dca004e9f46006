import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { check, cwd, inFolders, run, write } from './fake-folder.ts'
import { product } from './terminal.ts'

inFolders()

describe('the files that check, serve and policy read', () => {
  it('E8: without a file that is said', async () => {
    const { code, said } = await run('check')
    expect([code, said]).toEqual([0, expect.stringContaining(`There is no countersign.yaml in ${cwd}.`)])
    expect(JSON.parse((await run('check', '--json')).said)).toMatchObject({ config: null })
  })

  it.each(['gone.yaml', 'policies'])('E8: --config %s is an error', async (name) => {
    for (const command of ['check', 'serve']) {
      expect(await run(command, '--config', name)).toMatchObject({
        code: 2,
        said: '',
        muttered: expect.stringMatching(/There is no|it is a folder/),
      })
    }
  })

  it.each(['https://a.example/', 'https://a.example//', 'https://A.example:443'])(
    'E9: publicUrl %s is that name',
    async (url) => {
      expect(await check(`publicUrl: ${url}\n`)).toMatchObject({ ok: true })
    },
  )

  async function writtenOut(): Promise<void> {
    const registry = await readFile(join(product.policies, 'registry.yaml'), 'utf8')
    await rm(join(cwd, 'policies'), { recursive: true })
    await cp(product.policies, join(cwd, 'policies'), { recursive: true, dereference: true })
    await rm(join(cwd, 'policies', 'registry.yaml'))
    await write('countersign.yaml', `registry:\n${registry.replaceAll(/^/gm, '  ')}`)
  }

  it.each(['check', 'check policies', 'check --config countersign.yaml', 'test', 'test policies'])(
    'E10: policy %s takes the registry that is written out in the configuration',
    async (words) => {
      await writtenOut()
      expect(await run('policy', ...words.split(' '))).toMatchObject({ code: 0, said: expect.stringContaining('pass') })
    },
  )

  it('E10: where there is neither configuration nor registry, what helps is said', async () => {
    await rm(join(cwd, 'policies', 'registry.yaml'))
    const { code, muttered } = await run('policy', 'check', 'policies')
    expect([code, muttered]).toEqual([
      2,
      expect.stringContaining('Name a registry with --registry, or the configuration with --config.'),
    ])
  })

  it('E10: a configuration that is taken for a registry is told so', async () => {
    await write('countersign.yaml', 'registry: { datasets: {} }\n')
    const { code, muttered } = await run('policy', 'check', '--registry', 'countersign.yaml')
    expect([code, muttered]).toEqual([2, expect.stringContaining('name it with --config')])
  })

  it.each([
    ['alone', 'name: a\n'],
    ['with the groups as documented', 'agentGroups: [ml-agents, finance-agents, platform-agents]\n'],
  ])('E11: sample policies copied beside a configuration load, %s', async (_, config) => {
    await rm(join(cwd, 'policies'), { recursive: true })
    await cp(product.policies, join(cwd, 'policies'), { recursive: true, dereference: true })
    expect(await check(config)).toMatchObject({ ok: true, policies: 15 })
    expect((await run('policy', 'check')).code).toBe(0)
    expect((await run('policy', 'test')).code).toBe(0)
  })
})
