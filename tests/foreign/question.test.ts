import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openChromium, phone, type Window } from './chromium.ts'
import { askHard, worstCards } from './worst-cards.ts'

/** Where the first screen of a question ends: above the buttons, which stand at the foot of the window. */
const bottoms = `(() => {
  const bottomOf = (element) => Math.round(element.getBoundingClientRect().bottom)
  const facts = Object.fromEntries([...document.querySelectorAll('.asked .fact')].map((fact) =>
    [fact.querySelector('dt').textContent, bottomOf(fact)]))
  const one = (selector) => bottomOf(document.querySelector(selector))
  return {
    facts: { ...facts, sentence: one('.asked h1'), environment: one('.asked .environment'), risk: one('.asked .risk'),
      'time left': one('.asked .time-left') },
    buttonsAt: Math.round(document.querySelector('.buttons').getBoundingClientRect().top),
    buttons: Object.fromEntries([...document.querySelectorAll('.buttons > *')].map((button) =>
      [button.textContent, bottomOf(button)])),
    wide: document.documentElement.scrollWidth,
  }
})()`

interface Bottoms {
  readonly facts: Readonly<Record<string, number>>
  readonly buttonsAt: number
  readonly buttons: Readonly<Record<string, number>>
  readonly wide: number
}

describe('a question on a phone', () => {
  let window: Window
  beforeAll(async () => {
    window = await openChromium()
  })
  afterAll(() => window.close())

  it.each(Object.entries(worstCards))('P9: all that is needed fits without scrolling: %s', async (_, hard) => {
    const { instance, openAs, accessible } = window
    const { id } = await askHard(instance.demo.instance.store, hard)
    const page = await openAs(/Ben/, phone)
    await page.goto(`${instance.url}/approvals/${id}`)
    await page.getByRole('button', { name: 'Approve', exact: true }).waitFor()
    const { facts, buttonsAt, buttons, wide } = await page.evaluate<Bottoms>(bottoms)
    for (const name of [
      'sentence',
      'environment',
      'risk',
      'time left',
      'Asked by',
      'Purpose',
      'Data',
      'Goes to',
      'Risk',
      ...(hard.mayHaveRun ? ['Before'] : []),
    ]) {
      expect([name, facts[name], (facts[name] ?? 9_999) <= buttonsAt]).toEqual([name, facts[name], true])
    }
    for (const name of ['Approve', 'Reject', 'Reject and stop this agent', 'Escalate']) {
      expect([name, (buttons[name] ?? 9_999) <= phone.height]).toEqual([name, true])
    }
    expect(wide).toBeLessThanOrEqual(phone.width)
    expect(await accessible(page)).toEqual([])
    await page.close()
  })

  it('P9: what was cut to fit says so, and is shown whole on asking', async () => {
    const { instance, openAs } = window
    const sentence = `${'A long sentence about a ledger. '.repeat(14)}And this is its end.`
    const { id } = await askHard(instance.demo.instance.store, { sentence })
    const page = await openAs(/Ben/, phone)
    await page.goto(`${instance.url}/approvals/${id}`)
    const isWhole = `(() => { const h1 = document.querySelector('.asked h1'); return h1.scrollHeight <= h1.clientHeight + 2 })()`
    await page.getByRole('button', { name: /Show all of it/ }).waitFor()
    expect(await page.evaluate<boolean>(isWhole)).toBe(false)
    await page.getByRole('button', { name: /Show all of it/ }).click()
    await page.getByRole('button', { name: /Fit it to the screen/ }).waitFor()
    expect(await page.evaluate<boolean>(isWhole)).toBe(true)
    await page.close()
  })

  it('no page threw', () => {
    expect(window.broken).toEqual([])
  })
})
