import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { archive } from './tar.ts'

it('writes an archive that tar reads', () => {
  const files: [string, Uint8Array][] = [
    ['ledger/checkpoint', new TextEncoder().encode('countersign\n2\n')],
    ['ledger/tile/entries/x001/000', new Uint8Array(1025).fill(7)],
    ['ledger/empty', new Uint8Array()],
  ]
  const input = archive(files)
  const listed = execFileSync('tar', ['-t', '-f', '-'], { input, encoding: 'utf8' })
  expect(listed.trim().split('\n')).toEqual(files.map(([path]) => path))
  const found = execFileSync('tar', ['-x', '-O', '-f', '-', 'ledger/tile/entries/x001/000'], { input })
  expect(new Uint8Array(found)).toEqual(files[1]?.[1])
})
