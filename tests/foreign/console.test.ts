import { byPerson } from '@countersign/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf } from '../instance.ts'
import { desk, openChromium, phone, type Window } from './chromium.ts'

describe('the console in Chromium, in front of a real instance', () => {
  let window: Window
  beforeAll(async () => {
    window = await openChromium()
  })
  afterAll(() => window.close())

  it('P9: Ben sees a question arrive, opens it, signs, and sees what came of it', async () => {
    const { instance, openAs } = window
    const page = await openAs(/Ben/)
    void instance.demo.act(exportOf(2_345))
    await page
      .getByText(/Export 2,345 rows/)
      .first()
      .click()
    await page.getByText('warehouse.acme.example').first().waitFor()
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
    await page
      .locator('dialog[open] button')
      .filter({ hasText: /sign|approve/i })
      .last()
      .click()
    await page
      .getByText(/ran, 2,345 rows/)
      .first()
      .waitFor({ timeout: 15_000 })
    await page.close()
  })

  it('P3: Ana reads why she cannot sign for her own agent', async () => {
    const { instance, openAs } = window
    const told = await instance.act(exportOf(2_346))
    const page = await openAs(/Ana/)
    await page.goto(`${instance.url}/approvals/${told.approval}`)
    await page
      .getByText(/nobody approves their own/)
      .first()
      .waitFor()
    await page.close()
  })

  it('the menu of a phone is left by Escape, or by a tap beside it, which does nothing else', async () => {
    const { instance, openAs } = window
    const told = await instance.act(exportOf(2_348))
    const page = await openAs(/Ben/, phone)
    await page.goto(`${instance.url}/approvals/${told.approval}`)
    const menu = page.getByRole('button', { name: 'Menu' })
    const isOpen = () => page.evaluate<boolean>(`document.querySelector('.nav').checkVisibility()`)
    await menu.click()
    expect(await isOpen()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await isOpen()).toBe(false)
    await menu.click()
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
    expect([await isOpen(), await page.locator('dialog[open]').count()]).toEqual([false, 0])
    await page.close()
  })

  it('P11, P13: Eve finds an action by the words of its purpose, and her browser proves its life', async () => {
    const { instance, openAs } = window
    await instance.act(exportOf(2_347))
    const page = await openAs(/Eve/)
    await page.goto(`${instance.url}/actions?purpose=quarterly+revenue&class=financial`)
    await page
      .getByText(/Export 2,347 rows/)
      .first()
      .click()
    await page
      .getByText(/proofs checked by this browser/)
      .first()
      .waitFor({ timeout: 15_000 })
    await page.evaluate('history.back()')
    await page.getByText('JSON lines').first().waitFor()
    await page.close()
  })

  it('P11: the browser verifies 30,000 entries beside the page: it says how far it is, can be stopped, and ends', async () => {
    const { instance, openAs } = window
    const read = { kind: 'record.read', by: byPerson('per_1'), what: 'actions' } as const
    for (let made = 0; made < 30_000; made += 500) {
      const facts = Array.from({ length: 500 }, (_, address) => ({ ...read, query: `${made + address}` }))
      await instance.demo.instance.store.commit({ facts })
    }
    const page = await openAs(/Eve/)
    await page.goto(`${instance.url}/ledger`)
    const verify = () => page.getByRole('button', { name: 'Verify now' }).click()
    const done = () => page.evaluate<number>(`document.querySelector('.verification progress')?.value ?? 0`)
    await verify()
    await expect.poll(done).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText(/Stopped after [\d,]+ of 30,\d{3} entries/).waitFor()

    await verify()
    await expect.poll(done).toBeGreaterThan(256)
    await page
      .getByText(/30,\d{3} entries add up/)
      .first()
      .waitFor({ timeout: 60_000 })
    await page.close()
  })

  it('the colours of a policy lie where its letters are, also after it was scrolled and written in', async () => {
    const { instance, openAs, accessible } = window
    const page = await openAs(/Ben/)
    await page.goto(`${instance.url}/policies?part=candidate`)
    await page.locator('.editor textarea').click()
    await page.keyboard.type('// "one", permit\n\n')
    await page.evaluate(`document.querySelector('.editor textarea').scrollTo(0, 200)`)
    const seen = `(() => {
      const [colours, field] = [document.querySelector('.editor pre'), document.querySelector('.editor textarea')]
      const lengths = ({ scrollTop, scrollHeight, clientWidth }) => [scrollTop, scrollHeight, clientWidth].join()
      return [colours.textContent === field.value + '\\n', lengths(colours) === lengths(field), colours.scrollTop]
    })()`
    await expect.poll(() => page.evaluate(seen)).toEqual([true, true, 200])
    expect(await accessible(page)).toEqual([])
    await page.close()
  })

  it.each([
    ['on a desk, light', desk, 'light'],
    ['on a phone, dark', phone, 'dark'],
  ] as const)('every page is accessible %s', async (_, viewport, scheme) => {
    const { instance, openAs, accessible } = window
    const told = await instance.act(exportOf(2_348))
    const page = await openAs(/Ben/, viewport, scheme)
    const pages = ['/', `/approvals/${told.approval}`, '/actions', '/lineage', '/ledger', '/agents', '/policies']
    for (const path of pages) {
      await page.goto(`${instance.url}${path}`)
      await page.locator('h1').first().waitFor()
      expect([path, await accessible(page)]).toEqual([path, []])
    }
    await page.close()
  })

  it('no page threw', () => {
    expect(window.broken).toEqual([])
  })
})
