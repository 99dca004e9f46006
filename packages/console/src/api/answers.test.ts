import { describe, expect, it } from 'vitest'
import { createAnswers } from './answers.ts'
import type { Reply } from './ask.ts'

function scene() {
  const asked: string[] = []
  const waiting: ((reply: Reply<unknown>) => void)[] = []
  const timers: (() => void)[] = []
  let time = 1_000
  const answers = createAnswers({
    get: (path) => {
      asked.push(path)
      return new Promise((resolve) => waiting.push(resolve))
    },
    now: () => time,
    later: (what) => timers.push(what),
  })
  const reply = async (value: unknown) => {
    waiting.shift()?.({ ok: true, value })
    await settle()
  }
  const refuse = async (status: number) => {
    waiting.shift()?.({ ok: false, trouble: { status, code: 'X', says: 'no' } })
    await settle()
  }
  const tick = () => timers.splice(0).forEach((fire) => fire())
  return { answers, asked, reply, refuse, tick, pass: (ms: number) => (time += ms) }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('answers', () => {
  it('asks once, however many watch', async () => {
    const { answers, asked, reply } = scene()
    answers.watch('/a')
    answers.watch('/a')
    await reply(1)
    expect(asked).toEqual(['/a'])
    expect(answers.read('/a').value).toBe(1)
  })

  it('asks again when something changed while it was asking, so that no change is lost', async () => {
    const { answers, asked, reply, tick } = scene()
    answers.watch('/a')
    answers.stale(() => true)
    await reply('before')
    tick()
    await reply('after')
    expect(asked).toEqual(['/a', '/a'])
    expect(answers.read('/a').value).toBe('after')
  })

  it('turns a burst of events into one request', async () => {
    const { answers, asked, reply, tick } = scene()
    answers.watch('/a')
    await reply(1)
    for (let times = 0; times < 100; times += 1) answers.stale(() => true)
    tick()
    await reply(2)
    expect(asked).toHaveLength(2)
  })

  it('leaves alone what nobody watches, and asks anew when somebody does', async () => {
    const { answers, asked, reply, tick } = scene()
    const stop = answers.watch('/a')
    await reply(1)
    stop()
    answers.stale(() => true)
    tick()
    expect(asked).toHaveLength(1)
    answers.watch('/a')
    expect(answers.read('/a').value).toBe(1)
    expect(asked).toHaveLength(2)
  })

  it('keeps what was seen when Countersign is not reached, and takes it away when it refuses', async () => {
    const { answers, reply, refuse, tick } = scene()
    answers.watch('/a')
    await reply(1)
    answers.stale(() => true)
    tick()
    await refuse(0)
    expect(answers.read('/a')).toMatchObject({ value: 1, trouble: { status: 0 } })
    answers.stale(() => true)
    tick()
    await refuse(404)
    expect(answers.read('/a').value).toBeUndefined()
  })

  it('asks again by itself until Countersign is back', async () => {
    const { answers, asked, refuse, reply, tick } = scene()
    answers.watch('/a')
    await refuse(503)
    tick()
    tick()
    await reply('back')
    expect(asked).toHaveLength(2)
    expect(answers.read('/a')).toEqual({ value: 'back', at: 1_000 })
    tick()
    tick()
    expect(asked).toHaveLength(2)
  })

  it('does not let an older answer replace the one that signing gave', async () => {
    const { answers, reply, tick } = scene()
    answers.watch('/a')
    answers.put('/a', 'signed')
    await reply('open')
    expect(answers.read('/a').value).toBe('signed')
    tick()
    await reply('spent')
    expect(answers.read('/a').value).toBe('spent')
  })
})
