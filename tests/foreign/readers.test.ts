/** Messages that passed the HTTP gateway, before readers that others wrote. */
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { disagreement, type Facts, type Passed, passedOf } from '../readings.ts'

const readers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'Go: encoding/json and net/url': ['go', 'run', 'tests/foreign/readers/read.go'],
  'Python: json and urllib.parse': ['python3', 'tests/foreign/readers/read.py'],
  'Node: JSON.parse and URLSearchParams': ['node', '-e', inNode()],
}

function inNode(): string {
  return `
    const messages = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
    const read = ({ kind, text }) => {
      if (kind === 'json') return JSON.parse(text)
      const fields = Object.fromEntries(new URLSearchParams(text))
      return 'rows' in fields ? { ...fields, rows: Number(fields.rows) } : fields
    }
    console.log(JSON.stringify(messages.map(read)))`
}

describe('A1, A2: whatever passes is read as the card says', () => {
  let passed: Passed[] = []
  beforeAll(async () => {
    ;({ passed } = await passedOf(400))
  })

  it.each(Object.entries(readers))('by %s', (_, [program, ...args]) => {
    const input = JSON.stringify(passed.map(({ kind, text }) => ({ kind, text })))
    const answer = execFileSync(program, args, { input, encoding: 'utf8', env: { ...process.env, GO111MODULE: 'off' } })
    const read = JSON.parse(answer) as Facts[]
    expect(read).toHaveLength(passed.length)
    for (const [at, message] of passed.entries())
      expect(disagreement(message, read[at] ?? {}), message.text).toEqual([])
  })
})
