import { describe, expect, it } from 'vitest'
import { type Line, listen, type Source } from './events.ts'

function scene() {
  const lines: Line[] = []
  const hints: string[] = []
  const pauses: number[] = []
  const timers: (() => void)[] = []
  const sources: (Source & { readyState: number; tell(name: string, data: string): void })[] = []
  let looks = 0
  let online = true
  const events = listen({
    open: () => {
      const told = new Map<string, (event: { data: string }) => void>()
      const source = {
        readyState: 0,
        onopen: null,
        onerror: null,
        addEventListener: (name: string, tell: (event: { data: string }) => void) => void told.set(name, tell),
        close() {
          source.readyState = 2
        },
        tell: (name: string, data: string) => told.get(name)?.({ data }),
      }
      sources.push(source)
      return source
    },
    later: (what, ms) => {
      pauses.push(ms)
      timers.push(what)
    },
    online: () => online,
    onHint: (hint) => hints.push(hint.kind),
    onOpen: () => (looks += 1),
    onLine: (line) => lines.push(line),
  })
  const last = () => sources.at(-1)
  return {
    events,
    lines,
    hints,
    pauses,
    sources,
    looks: () => looks,
    network: (is: boolean) => {
      online = is
      events.renew()
    },
    tick: () => timers.splice(0).forEach((fire) => fire()),
    opens: () => last()?.onopen?.(),
    tell: (name: string, data: string) => last()?.tell(name, data),
    drops: (readyState: number) => {
      const source = last()
      if (source) source.readyState = readyState
      source?.onerror?.()
    },
  }
}

describe('listening', () => {
  it('looks at everything when the line opens, and again after every drop', () => {
    const { lines, looks, opens, drops } = scene()
    opens()
    drops(0)
    opens()
    expect(lines).toEqual(['connecting', 'live', 'reconnecting', 'live'])
    expect(looks()).toBe(2)
  })

  it('comes back by itself after a refusal, more and more slowly', () => {
    const { sources, drops, tick, pauses } = scene()
    for (let times = 0; times < 7; times += 1) {
      drops(2)
      tick()
    }
    expect(sources).toHaveLength(8)
    expect(pauses).toEqual([500, 1_000, 2_000, 5_000, 10_000, 10_000, 10_000])
  })

  it('does not wait when the network is back, and opens one line only', () => {
    const { events, sources, opens, drops, tick } = scene()
    drops(2)
    events.retry()
    opens()
    events.retry()
    tick()
    expect(sources).toHaveLength(2)
  })

  it('does not believe an open line when the network went, and says so until a new one is open', () => {
    const { lines, sources, looks, opens, network, drops, tick } = scene()
    opens()
    const [first] = sources
    network(false)
    expect(first?.readyState).toBe(2)
    drops(2)
    tick()
    network(true)
    first?.onopen?.() // too late: nobody listens to it any more
    opens()
    expect(lines).toEqual(['connecting', 'live', 'offline', 'offline', 'reconnecting', 'live'])
    expect(looks()).toBe(2)
  })

  it('a browser that only thinks it has no network hears its instance all the same', () => {
    const { lines, opens, network } = scene()
    opens()
    network(false)
    opens()
    expect(lines).toEqual(['connecting', 'live', 'offline', 'live'])
  })

  it('passes hints on, takes a reset for missed events, and ignores what it cannot read', () => {
    const { hints, looks, opens, tell } = scene()
    opens()
    tell('hint', '{"index":7,"kind":"approval.asked"}')
    tell('hint', 'not json')
    tell('reset', '{"kind":"reset","index":9}')
    expect(hints).toEqual(['approval.asked'])
    expect(looks()).toBe(2)
  })

  it('stays silent once it is closed', () => {
    const { events, sources, lines, drops, tick } = scene()
    events.close()
    drops(2)
    tick()
    expect(sources).toHaveLength(1)
    expect(lines).toEqual(['connecting'])
  })
})
