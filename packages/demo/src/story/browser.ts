/**
 * A person at a browser, as far as Countersign can tell: cookies, redirects, forms, same-origin requests.
 *
 * @module
 */

export interface Browser {
  /** Signs in through the identity provider, by choosing this person there. */
  signIn(person: string): Promise<void>
  /** Opens a page with a form, sends it filled in, and goes where that leads. */
  submit(url: string, form: Readonly<Record<string, string>>): Promise<void>
  get<T>(path: string): Promise<T>
  post(path: string, body: object): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>
  /** The `cookie` header it would send there. */
  cookies(path: string): string
  /** What Countersign gave to this window when it signed in. */
  browserBinding(): string
}

export function openBrowser(instance: string): Browser {
  const cookies = new Map<string, { value: string; path: string }>()
  let browserBinding = ''
  let localKey = ''

  return {
    async signIn(person) {
      cookies.clear()
      const picker = await go(`${instance}/sign-in?return=/`)
      const { origin } = new URL(picker.at)
      await go(picker.at, { method: 'POST', body: new URLSearchParams({ person }), headers: { origin } })
    },

    async submit(url, form) {
      const page = await go(url)
      await page.response.body?.cancel()
      const { origin } = new URL(page.at)
      const sent = await go(page.at, { method: 'POST', body: new URLSearchParams(form), headers: { origin } })
      if (sent.response.status >= 400 && sent.response.status < 500)
        throw new Error(`${sent.at}: ${sent.response.status} ${await sent.response.text()}`)
      await sent.response.body?.cancel()
    },

    async get<T>(path: string): Promise<T> {
      const { response } = await go(`${instance}${path}`, { headers: { accept: 'application/json' } })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as T
    },

    async post(path, body) {
      const { response } = await go(`${instance}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: instance,
          'sec-fetch-site': 'same-origin',
          'countersign-browser': browserBinding,
          ...(localKey && { 'countersign-local': localKey }),
        },
        body: JSON.stringify(body),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
    },

    browserBinding: () => browserBinding,
    cookies: (path) => withCookies(`${instance}${path}`, {}).get('cookie') ?? '',
  }

  async function go(url: string, init: RequestInit = {}): Promise<{ at: string; response: Response }> {
    for (let at = url, options = init, steps = 0; steps < 12; steps += 1) {
      const response = await fetch(at, { ...options, redirect: 'manual', headers: withCookies(at, options.headers) })
      for (const line of response.headers.getSetCookie()) remember(line)
      const location = response.headers.get('location')
      if (location === null) return { at, response }
      await response.body?.cancel()
      const next = new URL(location, at)
      browserBinding = /^#window=(.+)$/.exec(next.hash)?.[1] ?? browserBinding
      const seat = /^#local=(.+)$/.exec(next.hash)?.[1]
      if (seat !== undefined) {
        localKey = seat
        next.pathname = '/sign-in' // as the console does, once it has stored the key
      }
      next.hash = ''
      at = next.href
      options = {}
    }
    throw new Error('Countersign sends the browser in circles.')
  }

  function withCookies(url: string, headers: RequestInit['headers']): Headers {
    const { pathname } = new URL(url)
    const sent = [...cookies].filter(([, { path }]) => pathname.startsWith(path))
    const all = new Headers(headers)
    if (sent.length > 0) all.set('cookie', sent.map(([name, { value }]) => `${name}=${value}`).join('; '))
    return all
  }

  function remember(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    cookies.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' })
  }
}
