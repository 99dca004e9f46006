import type { ApprovalSummary } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commonWords, grouped, stops } from './grouped.ts'

const question = (id: string, groupKey: string) => ({ id, groupKey }) as ApprovalSummary
const list = [question('a1', 'a'), question('b1', 'b'), question('a2', 'a'), question('c1', 'c'), question('a3', 'a')]

describe('questions of one kind', () => {
  it('stand together where the first of them stood', () => {
    expect(grouped(list).map(({ questions }) => questions.map(({ id }) => id))).toEqual([
      ['a1', 'a2', 'a3'],
      ['b1'],
      ['c1'],
    ])
  })

  it('are all there, each once, whatever is alike', () => {
    const questions = fc.uniqueArray(fc.tuple(fc.uuid(), fc.constantFrom('a', 'b', 'c')), {
      selector: ([id]) => id,
    })
    fc.assert(
      fc.property(questions, (all) => {
        const ids = grouped(all.map(([id, groupKey]) => question(id, groupKey))).flatMap((group) => group.questions)
        expect(ids.map(({ id }) => id).toSorted()).toEqual(all.map(([id]) => id).toSorted())
      }),
    )
  })

  it.each<[string, string[], string[]]>([
    ['folded', [], ['alike-a', 'b1', 'c1']],
    ['unfolded', ['a'], ['alike-a', 'a1', 'a2', 'a3', 'b1', 'c1']],
    ['one that stands alone cannot be unfolded', ['b'], ['alike-a', 'b1', 'c1']],
  ])('%s, are walked through by keys', (_, unfolded, expected) => {
    expect(stops(grouped(list), new Set(unfolded))).toEqual(expected)
  })

  it.each<[string[], string]>([
    [['Export 10 rows of orders', 'Export 20 rows of orders', 'Export 9 rows of orders'], 'Export … rows of orders'],
    [['Export 10 rows', 'Export 10 rows as csv'], 'Export 10 rows …'],
    [['Delete a', 'Grant b'], ''],
    [['Only one'], 'Only one'],
  ])('are named by what they all say: %j', (sentences, expected) => {
    expect(commonWords(sentences)).toBe(expected)
  })
})
