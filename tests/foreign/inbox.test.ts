import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf } from '../instance.ts'
import { openChromium, phone, type Window } from './chromium.ts'
import { needs } from './needs.ts'

/**
 * Every connection that windows listen on, as this process accepted it
 * (https://nodejs.org/api/diagnostics_channel.html).
 */
function listeners() {
  const requests: IncomingMessage[] = []
  const began = (message: unknown) => {
    const { request } = message as { request: IncomingMessage }
    if (request.url === '/api/events') requests.push(request)
  }
  subscribe('http.server.request.start', began)
  return {
    requests,
    drop: () => requests.forEach(({ socket }) => socket.destroy()),
    close: () => unsubscribe('http.server.request.start', began),
  }
}

describe('the inbox', () => {
  let window: Window
  beforeAll(async () => {
    window = await openChromium()
  })
  afterAll(() => window.close())

  it('P10: a line that breaks loses nothing: the window says the last it heard, and catches up', async () => {
    const { instance, openAs } = window
    const line = listeners()
    try {
      const page = await openAs(/Ben/)
      await page.locator('.line.live').waitFor()
      const told = await instance.act(exportOf(5_001))
      await page
        .getByText(/5,001 rows/)
        .first()
        .waitFor()
      expect(line.requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined])
      line.drop()
      await page.locator('.line.reconnecting').waitFor()
      await instance.sign('ben', await instance.question(told), 'reject')
      await instance.act(exportOf(5_002, { destination: 'partner-drive.example' }))
      await page.locator('.line.live').waitFor()
      await page
        .getByText(/5,002 rows/)
        .first()
        .waitFor()
      await page
        .getByText(/5,001 rows/)
        .first()
        .waitFor({ state: 'detached' })
      expect(line.requests.length).toBe(2)
      expect(Number(line.requests[1]?.headers['last-event-id'])).toBeGreaterThan(0)
      await page.close()
    } finally {
      line.close()
    }
  })

  it('puts those alike under one heading, and is walked by keys alone', async () => {
    const { instance, openAs, accessible } = window
    await instance.act(exportOf(4_001, { destination: 'partner-drive.example' }))
    for (const rows of [3_001, 3_002, 3_003]) await instance.act(exportOf(rows))
    const page = await openAs(/Ben/)
    await page.getByText('3 alike').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('EXPORT warehouse')
    await expect.poll(() => page.locator('.questions > li').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('.alike .question-row').count()).toBe(3)
    expect(await accessible(page)).toEqual([])
    await page.keyboard.press('j')
    await page.keyboard.press('r')
    await page.getByRole('heading', { name: 'Reject this action' }).waitFor()
    await page.close()
  })

  it('keeps what is listed and what is marked in its address: loaded anew, shared, and on the way back', async () => {
    const { instance, openAs } = window
    await instance.act(exportOf(8_001, { destination: 'partner-drive.example' }))
    for (const rows of [8_101, 8_102]) await instance.act(exportOf(rows))
    const page = await openAs(/Ben/)
    const at = () => new URL(page.url()).search
    const pressed = (name: string) => page.locator('button[aria-pressed=true]').filter({ hasText: name }).waitFor()
    const searched = () => page.evaluate<string>(`document.querySelector('.search-box').value`)
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
    await press('My groups')
    const elsewhere = page.getByText('partner-drive.example').first()
    await elsewhere.waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('export')
    await expect.poll(at).toBe('?whose=groups&search=export')
    await page.keyboard.type(' warehouse')
    await expect.poll(at).toBe('?whose=groups&search=export+warehouse')
    await elsewhere.waitFor({ state: 'hidden' }) // what was found is drawn
    await page.locator('.alike').first().waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('j')
    await expect.poll(at).toMatch(/&at=apr_/)
    const shared = page.url()

    await page.reload()
    await page.locator('.alike .question-row.marked').waitFor()
    await pressed('My groups')
    expect(await searched()).toBe('export warehouse')

    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Approve', exact: true }).waitFor()
    await page.keyboard.press('u')
    await page.locator('.question-row.marked').waitFor()
    expect(page.url()).toBe(shared)
    await page.goBack()
    await page.goBack()
    await page.locator('.question-row.marked').waitFor()
    expect(page.url()).toBe(shared)
    await page.goBack() // before the search, which is one step however it was typed
    await expect.poll(at).toBe('?whose=groups')
    await expect.poll(searched).toBe('')
    await page.goBack()
    await pressed('All')
    await page.close()
  })

  it('while the instance is not reached it says since when, signs nothing, and comes back by itself', async () => {
    const { instance, openAs, accessible } = window
    const told = await instance.act(exportOf(6_001))
    const page = await openAs(/Ben/, phone)
    await page.goto(`${instance.url}/approvals/${told.approval}`)
    const approve = page.getByRole('button', { name: 'Approve', exact: true })
    await approve.waitFor()
    await page.evaluate(`navigator.serviceWorker.ready.then(() => undefined)`)
    await page.locator('.line.live').waitFor()
    await page.context().setOffline(true)
    await page.getByText(/Not connected since \d\d:\d\d/).waitFor()
    await page.locator('.line.offline').waitFor()
    await expect.poll(() => approve.isDisabled()).toBe(true)
    expect(await accessible(page)).toEqual([])
    await page.reload() // the shell alone is kept
    await page.getByText(/Not connected since/).waitFor()
    const kept = `caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((c) => c.keys()))))
      .then((all) => all.flat().map(({ url }) => new URL(url).pathname))`
    const paths = await page.evaluate<string[]>(kept)
    expect(paths).toContain('/')
    expect(paths.filter((path) => path !== '/' && !/^\/(assets\/|[\w-]+\.(svg|png|webmanifest)$)/.test(path))).toEqual(
      [],
    )
    await page.context().setOffline(false)
    await page.locator('.line.live').waitFor()
    await approve.waitFor()
    await page.getByText(/Not connected since/).waitFor({ state: 'detached' })
    expect(await approve.isDisabled()).toBe(false)
    await page.close()
  })

  it('P7: a late tap is told who decided, and what became of it', async () => {
    const { instance, openAs } = window
    const told = await instance.act(exportOf(7_001))
    const page = await openAs(/Ben/, phone)
    await page.goto(`${instance.url}/approvals/${told.approval}`)
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
    await page.getByRole('heading', { name: 'Approve this action' }).waitFor()
    await instance.sign('ben', await instance.question(told), 'reject')
    await page.getByText('Too late to answer: rejected by you. It did not run.').waitFor()
    await page.close()
  })

  it('loads at first less than 200 kB, compressed', () => {
    const folder = needs('packages/console/dist/index.html', 'npm run build').replace('index.html', '')
    const first = [...readFileSync(`${folder}index.html`, 'utf8').matchAll(/"\/(assets\/[^"]+)"/g)].map(
      ([, path]) => path,
    )
    expect(first.length).toBeGreaterThanOrEqual(2)
    const sizes = ['index.html', ...first].map((path) => gzipSync(readFileSync(`${folder}${path}`)).byteLength)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000)
  })

  it('no page threw', () => {
    expect(window.broken).toEqual([])
  })
})
