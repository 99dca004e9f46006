import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isError } from '@countersign/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadKeys } from './keys.ts'

describe('the keys of a deployment', () => {
  let folder: string
  let directory: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-keys-'))
    directory = join(folder, 'keys')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

  it('are made once, and only Countersign can read them', async () => {
    const keys = await loadKeys(directory)
    expect([keys.kek.length, keys.tenant.length]).toEqual([32, 32])
    expect(keys.kek).not.toEqual(keys.tenant)
    expect(keys.log).toContain('BEGIN PRIVATE KEY')
    expect(await modeOf(directory)).toBe('700')
    const names = (await readdir(directory)).toSorted()
    expect(names).toEqual(['kek', 'log.pem', 'tenant'])
    for (const name of names) expect(await modeOf(join(directory, name))).toBe('600')
    expect(await loadKeys(directory)).toEqual(keys)
  })

  it('are the same for all that start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => loadKeys(directory)))
    expect(new Set(all.map((keys) => JSON.stringify(keys))).size).toBe(1)
    expect(await readdir(directory)).toHaveLength(3)
  })

  it.each([
    ['kek', 'c2hvcnQ='],
    ['kek', ''],
    ['kek', Buffer.alloc(33).toString('base64')],
    ['tenant', `${Buffer.alloc(32).toString('base64')}!!`],
    ['log.pem', 'not a key'],
  ])('%s with %j is refused, and stays as it is', async (name, text) => {
    await loadKeys(directory)
    await writeFile(join(directory, name), text)
    const refused = await loadKeys(directory).catch((error: unknown) => error)
    expect(isError(refused, 'ERR_CONFIG_INVALID')).toBe(true)
    expect(JSON.stringify((refused as { detail: unknown }).detail)).toContain(name)
    if (text !== '') expect(JSON.stringify((refused as { detail: unknown }).detail)).not.toContain(text)
    expect(await readFile(join(directory, name), 'utf8')).toBe(text)
  })
})
