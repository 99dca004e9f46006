import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hurriedPolicies } from './hurried.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'countersign-hurried-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

it('hurries a copy: policies that are reached through a link stay as they are', async () => {
  const slow = '@timeout("1h") @escalate("cfo-office after 30m")'
  await mkdir(join(folder, 'real'))
  await writeFile(join(folder, 'real', 'a.cedar'), slow)
  await symlink('real', join(folder, 'link'))
  const to = await hurriedPolicies(join(folder, 'link'), join(folder, 'hurried'))
  expect(await readFile(join(to, 'a.cedar'), 'utf8')).toBe('@timeout("8s") @escalate("cfo-office after 2s")')
  expect(await readFile(join(folder, 'real', 'a.cedar'), 'utf8')).toBe(slow)
})
