import { describe, expect, it } from 'vitest'
import { waitForVisitor } from './demo.ts'

describe('a visitor of the story', () => {
  async function visit(answersAfter: number) {
    let muttered = ''
    let looked = 0
    await waitForVisitor(
      { mutter: (text) => void (muttered += text), lookEveryMs: 0 },
      {
        person: 'ben',
        url: 'http://countersign/approvals/apr_1',
        async open() {
          looked += 1
          return looked <= answersAfter
        },
      },
    )
    return { muttered, looked }
  }

  it('is told where, as whom, and how long there is', async () => {
    const { muttered } = await visit(2)
    expect(muttered).toContain('Sign in there as Ben and answer: http://countersign/approvals/apr_1')
    expect(muttered).toContain('60 s')
    expect(muttered).not.toContain('58 s')
  })

  it('holds the story up for a minute at most', async () => {
    expect((await visit(1_000)).looked).toBe(60)
  })
})
