import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventReader, type ServerEvent } from './events.ts'

function read(text: string, cuts: readonly number[] = []) {
  const events: ServerEvent[] = []
  const reader = createEventReader((event) => events.push(event), 1_000)
  let from = 0
  for (const cut of [...cuts.map((each) => each % (text.length + 1)).toSorted((a, b) => a - b), text.length]) {
    reader.read(text.slice(from, cut))
    from = cut
  }
  return { events, lastId: reader.lastId, retryMs: reader.retryMs }
}

describe('server-sent events', () => {
  const text =
    ': hello\r\n\r\nid: 1\r\nretry: 250\ndata:\n\nevent: message\ndata: one\ndata:two\r\rdata: three\nid: 2\n\nevent: endpoint\ndata: /x\n\ndata: half'
  const expected = {
    events: [
      { name: 'message', data: 'one\ntwo' },
      { name: 'message', data: 'three' },
      { name: 'endpoint', data: '/x' },
    ],
    lastId: '2',
    retryMs: 250,
  }

  it('are the same wherever the pieces were cut', () => {
    expect(read(text)).toEqual(expected)
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
        expect(read(text, cuts)).toEqual(expected)
      }),
    )
  })

  it.each(['x'.repeat(1_001), 'data: x\n'.repeat(2_000)])('that do not end are given up', (endless) => {
    expect(() => read(endless)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_TOO_LARGE' }))
  })
})
