import { mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { policyDirectory } from './directory.ts'
import { watchContents } from './watch.ts'

describe('D7: files that are others than they were are noticed', () => {
  let root: string
  let watching: { close(): void } | undefined
  let heard: string[]
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'watched-'))
  })
  afterEach(async () => {
    watching?.close()
    await rm(root, { recursive: true, force: true })
  })

  const policies = () => join(root, 'policies')
  const read = async () => JSON.stringify(await policyDirectory(policies()).files())
  const write = async (folder: string, text: string) => {
    await mkdir(join(root, folder), { recursive: true })
    await writeFile(join(root, folder, 'a.cedar'), text)
  }

  async function watch(): Promise<void> {
    heard = []
    const folders = [policies(), dirname(policies())]
    const changed = () =>
      void read().then(
        (text) => heard.push(text),
        () => heard.push('gone'),
      )
    watching = watchContents({ read, from: await read(), folders, everyMs: 50, changed })
  }
  const told = (text: string) =>
    vi.waitFor(() => expect(heard.at(-1)).toContain(text), { timeout: 8_000, interval: 20 })

  it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    ['written in place', () => write('policies', 'one'), () => write('policies', 'two')],
    [
      'written beside and renamed over, as editors do',
      () => write('policies', 'one'),
      async () => {
        await writeFile(join(root, 'policies', '.a.swp'), 'two')
        await rename(join(root, 'policies', '.a.swp'), join(root, 'policies', 'a.cedar'))
      },
    ],
    [
      'in a folder that took the place of another',
      () => write('policies', 'one'),
      async () => {
        await write('next', 'two')
        await rename(policies(), join(root, 'old'))
        await rename(join(root, 'next'), policies())
      },
    ],
    [
      'behind a link that was swapped',
      async () => {
        await write('v1', 'one')
        await write('v2', 'two')
        await symlink('v1', policies())
      },
      async () => {
        await symlink('v2', join(root, 'link'))
        await rename(join(root, 'link'), policies())
      },
    ],
    [
      'as Kubernetes mounts a ConfigMap: links in the folder to ..data, which is swapped',
      async () => {
        await write('policies/..1', 'one')
        await symlink('..1', join(policies(), '..data'))
        await symlink('..data/a.cedar', join(policies(), 'a.cedar'))
      },
      async () => {
        await write('policies/..2', 'two')
        await symlink('..2', join(policies(), '..data_tmp'))
        await rename(join(policies(), '..data_tmp'), join(policies(), '..data'))
      },
    ],
    [
      'behind a link whose own target is a link elsewhere',
      async () => {
        await write('store/v1', 'one')
        await write('store/v2', 'two')
        await symlink('v1', join(root, 'store', 'current'))
        await symlink('store/current', policies())
      },
      async () => {
        await unlink(join(root, 'store', 'current'))
        await symlink('v2', join(root, 'store', 'current'))
      },
    ],
    [
      'with the times of before',
      () => write('policies', 'one'),
      async () => {
        await write('policies', 'two')
        await utimes(join(policies(), 'a.cedar'), 0, 0)
      },
    ],
    [
      'removed and made again',
      () => write('policies', 'one'),
      async () => {
        await rm(policies(), { recursive: true })
        await told('gone')
        await write('policies', 'two')
      },
    ],
  ])('%s', async (_, before, after) => {
    await before()
    await watch()
    await after()
    await told('two')
  })

  it('what only has another time is the same', async () => {
    await write('policies', 'one')
    await watch()
    await utimes(join(policies(), 'a.cedar'), 0, 0)
    await write('policies', 'one')
    await write('policies', 'two')
    await told('two')
    expect(heard).toHaveLength(1)
  })
})
