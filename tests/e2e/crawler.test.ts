import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Chromium, desk, openChromium } from '../chromium.ts'
import { crawl, kindOf } from './crawler.ts'
import { listenTo } from './window.ts'

/** A site with one of each fault, and a page without any. */
const site: Readonly<Record<string, string>> = {
  '/': `<h1>Start</h1><a href="/fine">fine</a> <a href="/gone">gone</a> <a href="/dead">dead</a>
    <a href="/broken">broken</a> <a href="/blind">blind</a> <a href="/stuck">stuck</a> <a href="/item/act_1">one</a>
    <a href="/item/act_2">two</a> <a href="/item/act_3">three</a>`,
  '/fine': `<h1>Fine</h1><button onclick="ask.showModal()">Ask</button>
    <dialog id="ask" aria-label="Ask"><button onclick="ask.close()">Cancel</button></dialog>`,
  '/dead': '<h1>Dead</h1>',
  '/broken': `<h1>Broken</h1><button onclick="nothing()">Throw</button>
    <button onclick="Promise.reject(new Error('nobody cared'))">Reject</button>
    <button onclick="console.error('odd')">Complain</button>`,
  '/blind': '<h1>Blind</h1><img src="/fine">',
  '/stuck': `<h1>Stuck</h1><button onclick="ask.showModal()">Ask</button>
    <dialog id="ask" aria-label="Ask"><button>Do it</button></dialog>`,
  '/item/act_1': '<h1>Item</h1><button>Same</button>',
  '/item/act_2': '<h1>Item</h1><button>Same</button>',
  '/item/act_3': '<h1>Item</h1><button>Same</button>',
}
const page = (path: string, body: string) =>
  `<!doctype html><html lang="en"><title>A site</title><main>${path === '/dead' ? '' : '<a href="/">home</a>'}${body}</main>`

const server = createServer(({ url = '/' }, response) => {
  const body = site[url]
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html' })
  response.end(page(url, body ?? '<h1>Gone</h1>'))
})
let browser: Chromium
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  browser = await openChromium()
})
afterAll(async () => {
  await browser?.close()
  server.close()
})

it('the crawler tells every fault it is there to find, and nothing of what is fine', async () => {
  const instance = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const window = await browser.newPage({ viewport: desk })
  const crawled = await crawl({ page: window, complaints: listenTo(window, instance) }, instance)
  await window.close()
  const told = (what: RegExp) => crawled.findings.filter((each) => what.test(each)).length
  expect(told(/^\/gone is answered 404/)).toBe(1)
  expect(told(/^\/dead: a dead end/)).toBe(1)
  expect(told(/^\/broken: threw nothing is not defined/)).toBe(1)
  expect(told(/^\/broken: threw nobody cared/)).toBe(1)
  expect(told(/^\/broken: console: odd/)).toBe(1)
  expect(told(/^\/blind: axe: image-alt/)).toBe(1)
  expect(told(/^\/stuck, “Ask”: its dialog has no way out/)).toBe(1)
  expect(told(/^\/(fine|item)/)).toBe(0)
  expect(crawled.pages).toContain('/item/…')
  expect(crawled.pressed.filter((each) => each.endsWith('Same'))).toEqual(['/item/… Same'])
})

it('pages are of one kind if only ids and values differ', () => {
  expect(kindOf('/approvals/apr_01a20035-5844-728b-ae75-7a641bf38f59')).toBe('/approvals/…')
  expect(kindOf('/actions?person=per_01a2&agent=ml-bot')).toBe('/actions?agent&person')
})
