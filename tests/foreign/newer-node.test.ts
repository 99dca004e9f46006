import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { builtProgram } from '../program.ts'
import { newerNode } from './needs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('the whole story is told on Node.js 24 as well', async () => {
  const words = [await builtProgram(), 'demo', '--json']
  const ended = await new Promise<{ code: number; said: string; muttered: string }>((resolve) => {
    const child = execFile(newerNode(), words, { cwd: root }, (_, said, muttered) => {
      resolve({ code: child.exitCode ?? -1, said, muttered })
    })
  })
  expect(ended.code, ended.said + ended.muttered).toBe(0)
  expect(JSON.parse(ended.said)).toMatchObject({ failed: 0, verified: true })
})
