/**
 * Pages for those who are not signed in yet: HTML without a script, so that they come whatever else does not.
 *
 * @module
 */

/** Markup that was made by `html`, and so is escaped already. */
interface Markup {
  readonly markup: string
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (letter) => escapes[letter] ?? '')

type Value = string | Markup | readonly Markup[] | undefined | false

const written = (value: Value): string => {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string') return escaped(value)
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
}

/** Every text that is put in is escaped. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Markup => ({
  markup: parts.map((part, at) => part + (at < values.length ? written(values[at]) : '')).join(''),
})

export const stylePath = '/sign-in/page.css'

export const wantsPage = (request: Request) => (request.headers.get('accept') ?? '').includes('text/html')

export function plainPage(title: string, body: Markup, status = 200): Response {
  const { markup } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Countersign</title>
        <link rel="stylesheet" href="${stylePath}" />
      </head>
      <body>
        <main>
          <p class="mark">Countersign</p>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`
  return new Response(markup, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })
}

export const style = `:root { color-scheme: light dark; --ground: #fbfbfa; --card: #fff; --line: #e2e2de; --ink: #1a1c20; --soft: #5c6068; --accent: #2f4bd8; --accent-ink: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ground: #101214; --card: #181b1f; --line: #2a2f36; --ink: #eceef1; --soft: #a3abb7; --accent: #93a5ff; --accent-ink: #0f1433 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 32rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px }
.mark { margin: 0 0 1rem; color: var(--soft); font-weight: 600 }
h1 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3 }
p { margin: 0 0 1rem; overflow-wrap: anywhere }
.soft { color: var(--soft); font-size: .8125rem; margin: 1rem 0 0 }
label { display: grid; gap: .35rem; margin: 0 0 1rem; font-weight: 600 }
input { font: inherit; min-height: 44px; padding: .5rem .75rem; color: inherit; background: var(--ground); border: 1px solid var(--soft); border-radius: 8px }
.button { display: inline-grid; place-items: center; min-height: 44px; padding: 0 1.25rem; font: inherit; font-weight: 600; text-decoration: none;
  color: var(--accent-ink); background: var(--accent); border: 0; border-radius: 8px; cursor: pointer }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`
