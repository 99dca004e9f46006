import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'
import { inSteps } from '../scripts/in-steps.ts'
import { packedDocs } from '../scripts/packed-docs.ts'

it('G9: packaged README links are not dead, nor those of the pages it leads to', () => {
  const packed = packedDocs(join(import.meta.dirname, '..'))
  const dead: string[] = []
  let links = 0
  for (const [path, content] of packed) {
    if (typeof content !== 'string') continue
    for (const [, target = ''] of content.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^(?:[a-z]+:|#)/i.test(target)) continue
      links += 1
      const to = normalize(join(dirname(path), target.split('#')[0] ?? ''))
      if (!packed.has(to)) dead.push(`${path}: ${target}`)
    }
  }
  expect(dead).toEqual([])
  expect([links > 20, packed.has('docs/quick-start.md'), packed.has('docs/images/question.png')]).toEqual([
    true,
    true,
    true,
  ])
})

it('G7: no silent build at npm start: each step is named before it runs', () => {
  const told: string[] = []
  const step = (what: string, code: number) => ({
    what,
    run: () => {
      told.push(`runs ${what}`)
      return code
    },
  })
  const code = inSteps([step('one', 0), step('two', 3), step('three', 0)], (text) => void told.push(text))
  expect(code).toBe(3)
  expect(told.map((text) => text.replace(/[\d.]+ s/, 'n s'))).toEqual([
    '  one …',
    'runs one',
    ' n s\n',
    '  two …',
    'runs two',
    ' n s\n',
  ])
})

it('G8: how to change the port stands in the README, next to the start', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  expect(readme.slice(0, readme.indexOf('## How it works'))).toContain('npm start -- --port')
})
