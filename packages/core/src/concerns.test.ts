import { describe, expect, it } from 'vitest'
import { createConcerns } from './concerns.ts'
import type { LogLine } from './ports.ts'

function kept() {
  const clock = { at: 1_000, now: () => clock.at }
  const lines: LogLine[] = []
  return { clock, lines, concerns: createConcerns({ clock, log: (line) => lines.push(line) }) }
}

describe('what is wrong now', () => {
  it('stands with its cause since it began, whatever the cause is called later', () => {
    const { clock, concerns } = kept()
    concerns.raise('mcp/crm', 'The server refused the connection.')
    clock.at = 2_000
    concerns.raise('mcp/crm', 'The server answers 401.')
    expect(concerns.list()).toEqual([{ key: 'mcp/crm', says: 'The server answers 401.', since: 1_000 }])
  })

  it('is logged when it begins, when its cause changes and when it is over, not each time it is seen', () => {
    const { lines, concerns } = kept()
    concerns.clear('policies')
    for (const says of ['A typo.', 'A typo.', 'Another.']) concerns.raise('policies', says)
    concerns.clear('policies')
    concerns.clear('policies')
    expect(lines.map(({ level, says }) => `${level}: ${says}`)).toEqual([
      'warn: A typo.',
      'warn: Another.',
      'info: It is right again.',
    ])
    expect(concerns.list()).toEqual([])
  })

  it('is bounded in number and length', () => {
    const { concerns } = kept()
    for (let number = 0; number < 600; number += 1) concerns.raise(`key ${number}`, 'x'.repeat(5_000))
    expect(concerns.list()).toHaveLength(500)
    expect(concerns.list()[0]?.says.length).toBeLessThan(1_010)
  })
})
