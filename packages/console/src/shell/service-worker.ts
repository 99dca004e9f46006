/**
 * Keeps the console's shell, so that it opens while Countersign is not reached, and says so. The shell is the same for
 * everybody and is fetched without cookies. What Countersign answers is never kept: an old question must not look open.
 *
 * Imports nothing, because not every browser runs modules here.
 *
 * @module
 */

/** As much of https://www.w3.org/TR/service-workers/ as is used here. */
interface Lasting {
  waitUntil(done: Promise<unknown>): void
}
interface Fetching extends Lasting {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}
interface Scope {
  readonly location: Location
  readonly clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(name: 'install' | 'activate', heard: (event: Lasting) => void): void
  addEventListener(name: 'fetch', heard: (event: Fetching) => void): void
}

const scope = self as unknown as Scope
const shell = '/'
const cacheName = 'shell'

scope.addEventListener('install', (event) => event.waitUntil(keepShell().then(() => scope.skipWaiting())))
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
scope.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== scope.location.origin) return
  if (mode === 'navigate') event.respondWith(page(event))
  else if (pathname.startsWith('/assets/')) event.respondWith(asset(event.request))
})

/** Countersign's own answer whenever there is one. */
async function page(event: Fetching): Promise<Response> {
  try {
    const answer = await fetch(event.request)
    if (answer.ok) event.waitUntil(keepShell())
    return answer
  } catch {
    return (await caches.match(shell)) ?? Response.error()
  }
}

/** Named by the hash of their content, so what is kept is what would come. */
const asset = async (request: Request): Promise<Response> => (await caches.match(request)) ?? fetch(request)

/** The newest shell and the files that it names; what older ones needed is let go. */
async function keepShell(): Promise<void> {
  const answer = await fetch(shell, { credentials: 'omit', cache: 'no-cache' })
  if (!answer.ok || answer.redirected || !answer.headers.get('content-type')?.startsWith('text/html')) return
  const html = await answer.clone().text()
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].flatMap(([, path]) => path ?? [])
  const cache = await caches.open(cacheName)
  const known = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname))
  await cache.addAll(named.filter((path) => !known.has(path)))
  await cache.put(shell, answer)
  const wanted = new Set([shell, ...named])
  await Promise.all([...known].filter((path) => !wanted.has(path)).map((path) => cache.delete(path)))
}
