import { describe, expect, it } from 'vitest'
import { readAhead } from './read-ahead.ts'

const entriesOf = (asked: readonly string[]) => asked.filter((path) => path.startsWith('tile/entries'))

describe('reading a ledger ahead', () => {
  it('asks for a few files before they are read, and for each once', async () => {
    const asked: string[] = []
    const ahead = readAhead({ read: async (path) => (asked.push(path), new Uint8Array()) }, 100 * 256 + 7)
    ahead.reach(0)
    expect(entriesOf(asked)).toEqual(['000', '001', '002', '003', '004'].map((each) => `tile/entries/${each}`))
    for (let bundle = 0; bundle <= 100; bundle += 1) {
      ahead.reach(bundle)
      expect(entriesOf(asked).length).toBe(Math.min(bundle + 5, 101))
    }
    expect(asked.slice(-2)).toEqual(['tile/entries/100.p/7', 'tile/0/100.p/7'])
    const before = asked.length
    for (const path of asked) await ahead.read(path)
    expect(asked.length).toBe(before)
    await ahead.read('tile/1/000.p/100')
    expect(asked.length).toBe(before + 1)
  })

  it('fails where it is read, and nowhere else', async () => {
    const ahead = readAhead({ read: async () => Promise.reject(new Error('offline')) }, 300)
    ahead.reach(0)
    await new Promise(setImmediate)
    await expect(ahead.read('tile/0/000')).rejects.toThrow('offline')
  })

  it('asks for nothing of an empty ledger', () => {
    readAhead({ read: () => expect.unreachable() }, 0).reach(0)
  })
})
