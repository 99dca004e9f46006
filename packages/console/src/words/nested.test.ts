import { expect, it } from 'vitest'
import { nestedJson } from './nested.ts'

it.each<[string, unknown]>([
  ['{"rows":48211,"to":["a"]}', { rows: 48211, to: ['a'] }],
  [' [1]', [1]],
  ['"a"', undefined],
  ['12', undefined],
  ['{not json}', undefined],
  ['', undefined],
])('%s', (text, value) => {
  expect(nestedJson(text)).toEqual(value)
})
